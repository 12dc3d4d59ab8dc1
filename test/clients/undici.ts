import { bearer } from "@tokenflight/undici";
import * as newest from "undici";
import type { Dispatcher } from "undici";
import * as lowestVersion from "undici-lowest";
import { Writable } from "node:stream";
import type { ClientUnderTest, Hook, Outcome, Outgoing, Send, Setting } from "./client-under-test.ts";

/** A version of undici. */
type Undici = Pick<typeof newest, "Agent" | "errors" | "interceptors" | "request" | "stream">;
const lowest = lowestVersion as unknown as Undici;

type Interceptor = Dispatcher.DispatcherComposeInterceptor;
type Call = (
  undici: Undici,
  url: URL,
  options: Omit<Dispatcher.RequestOptions, "origin" | "path"> & { dispatcher: Dispatcher },
) => Promise<Outcome>;

const redirect = ({ interceptors }: Undici): Interceptor => interceptors.redirect({ maxRedirections: 5 });

/** The interceptors that come before the one with the tokens, nearer to the network, and those that come after it. */
interface Order {
  readonly inner: (undici: Undici) => Interceptor[];
  readonly outer: (undici: Undici) => Interceptor[];
}

function undiciWith(name: string, call: Call, { inner, outer }: Order, undici: Undici = newest): ClientUnderTest {
  const sender =
    (dispatcher: Dispatcher, origin: string, { base = "", timeout }: Setting = {}): Send =>
    ({ path = "/", ...outgoing }) => {
      const options = optionsOf(outgoing, name);
      // undici's own timeouts are about a connection; the limit for a whole request is a signal.
      if (timeout !== undefined) options.signal = AbortSignal.timeout(timeout);
      return call(undici, new URL(base + path, origin), { dispatcher, ...options });
    };

  const compose = (bearing: Interceptor | undefined, { failure, hooks }: Setting = {}): Dispatcher =>
    new undici.Agent().compose([
      ...(failure === undefined ? [] : [failing(failure)]),
      ...inner(undici),
      ...(bearing === undefined ? [] : [bearing]),
      // What stands nearer to the network is told of each time that a request is sent: the caller's hooks stand around it.
      ...(hooks ?? []).map(telling).toReversed(),
      ...outer(undici),
    ]);

  return {
    name,
    differences: {
      A14: "undici drops credentials in a URL, so that they are in nobody's way; those in a header win",
    },
    connect: (tokens, origin, options = {}, setting = {}) =>
      sender(compose(tokens === undefined ? undefined : bearer(tokens, { origins: origin, ...options }), setting), origin, setting),
    async detached(tokens, origin) {
      const agent = new undici.Agent();
      const order = [...inner(undici), bearer(tokens, { origins: origin }), ...outer(undici)];
      await sender(agent.compose(order), origin)({});
      return sender(agent, origin);
    },
    // The dispatcher that was composed is still there.
    withoutToken: (_tokens, origin) => sender(compose(undefined), origin),
  };
}

const failing =
  (failure: Error): Interceptor =>
  (_dispatch) =>
  (_options, _handler) => {
    throw failure;
  };

const telling =
  (hook: Hook): Interceptor =>
  (dispatch) =>
  (options, handler) => {
    hook("request");
    const told = new Proxy(handler, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return (...given: unknown[]): unknown => {
          if (name === "onResponseStart") hook(`response ${String(given[1])}`);
          return Reflect.apply(member, target, given);
        };
      },
    });
    return dispatch(options, told);
  };

function optionsOf(
  { method = "GET", body, headers = {}, asGiven, signal }: Outgoing,
  name: string,
): Omit<Dispatcher.RequestOptions, "origin" | "path"> {
  const options: Omit<Dispatcher.RequestOptions, "origin" | "path"> = {
    method,
    headers: asGiven ? headers : { "x-client": name, ...headers },
  };
  if (body !== undefined) options.body = body as string;
  if (signal !== undefined) options.signal = signal;
  return options;
}

const byRequest: Call = async (undici, url, options) => {
  const response = await undici.request(url, options);
  return { status: response.statusCode, body: await response.body.text() };
};

const byStream: Call = async (undici, url, options) => {
  const chunks: Buffer[] = [];
  let status = 0;
  await undici.stream(url, { ...options, opaque: null }, ({ statusCode }) => {
    status = statusCode;
    return new Writable({
      write(chunk: Buffer, _encoding, done) {
        chunks.push(chunk);
        done();
      },
    });
  });
  return { status, body: Buffer.concat(chunks).toString() };
};

/** With responseError a status from 400 on is an error, which still knows status and body. */
const byRequestThatThrows: Call = async (undici, url, options) => {
  try {
    return await byRequest(undici, url, options);
  } catch (error) {
    if (!(error instanceof undici.errors.ResponseError)) throw error;
    const body: unknown = error.body;
    return { status: error.statusCode, body: typeof body === "string" ? body : JSON.stringify(body) };
  }
};

const alone: Order = { inner: (undici) => [redirect(undici)], outer: () => [] };
const composed: Order = {
  inner: (undici) => [redirect(undici), undici.interceptors.retry({ maxRetries: 1, minTimeout: 1 })],
  outer: (undici) => [undici.interceptors.responseError()],
};

export const undiciRequest: ClientUnderTest = undiciWith("undici", byRequest, alone);
export const undiciStream: ClientUnderTest = undiciWith("undici.stream", byStream, alone);
export const undiciComposed: ClientUnderTest = undiciWith("undici with redirect, retry and responseError", byRequestThatThrows, composed);

/** The lowest version, and with it another copy of undici than the adapter's own peer. */
export const undiciLowest: ClientUnderTest = undiciWith("undici 7.0", byRequest, alone, lowest);
