import { bearer } from "@tokenflight/undici";
import { Agent, errors, interceptors, request, stream, type Dispatcher } from "undici";
import { Writable } from "node:stream";
import type { ClientUnderTest, CommonOptions, Outcome, Outgoing, Send } from "./client-under-test.ts";
import type { TokenCache } from "@tokenflight/core";

type Call = (url: URL, options: Omit<Dispatcher.RequestOptions, "origin" | "path"> & { dispatcher: Dispatcher }) => Promise<Outcome>;
type Compose = (bearing: Dispatcher.DispatcherComposeInterceptor | undefined) => Dispatcher;

const redirect = (): Dispatcher.DispatcherComposeInterceptor => interceptors.redirect({ maxRedirections: 5 });

function undiciWith(name: string, call: Call, compose: Compose): ClientUnderTest {
  const sender =
    (dispatcher: Dispatcher, origin: string): Send =>
    ({ path = "/", ...outgoing }) =>
      call(new URL(path, origin), { dispatcher, ...optionsOf(outgoing, name) });

  return {
    name,
    connect: (tokens: TokenCache | undefined, origin: string, options: CommonOptions = {}) =>
      sender(compose(tokens === undefined ? undefined : bearer(tokens, { origins: origin, ...options })), origin),
    // The dispatcher that was composed is still there.
    withoutToken: (_tokens, origin) => sender(compose(undefined), origin),
  };
}

function optionsOf(
  { method = "GET", body, headers = {}, signal }: Outgoing,
  name: string,
): Omit<Dispatcher.RequestOptions, "origin" | "path"> {
  return {
    method,
    headers: { "x-client": name, ...headers },
    ...(body === undefined ? {} : { body: body as string }),
    ...(signal === undefined ? {} : { signal }),
  };
}

const byRequest: Call = async (url, options) => {
  const response = await request(url, options);
  return { status: response.statusCode, body: await response.body.text() };
};

const byStream: Call = async (url, options) => {
  const chunks: Buffer[] = [];
  let status = 0;
  await stream(url, { ...options, opaque: null }, ({ statusCode }) => {
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
const byRequestThatThrows: Call = async (url, options) => {
  try {
    return await byRequest(url, options);
  } catch (error) {
    if (!(error instanceof errors.ResponseError)) throw error;
    const body: unknown = error.body;
    return { status: error.statusCode, body: typeof body === "string" ? body : JSON.stringify(body) };
  }
};

const list = <Interceptor>(...given: (Interceptor | undefined)[]): Interceptor[] => given.filter((one) => one !== undefined);

export const undiciRequest: ClientUnderTest = undiciWith("undici", byRequest, (bearing) =>
  new Agent().compose(...list(redirect(), bearing)),
);
export const undiciStream: ClientUnderTest = undiciWith("undici.stream", byStream, (bearing) =>
  new Agent().compose(...list(redirect(), bearing)),
);
export const undiciComposed: ClientUnderTest = undiciWith("undici with redirect, retry and responseError", byRequestThatThrows, (bearing) =>
  new Agent().compose(...list(redirect(), interceptors.retry({ maxRetries: 1, minTimeout: 1 }), bearing, interceptors.responseError())),
);
