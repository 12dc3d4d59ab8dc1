import { bearer, type FetchFunction } from "@tokenflight/fetch";
import { Readable } from "node:stream";
import type { ReadableStream as WebStream } from "node:stream/web";
import makeFetchCookie from "fetch-cookie";
import nodeFetch from "node-fetch";
import type { ClientUnderTest, Hook, Outgoing, Send, Setting } from "./client-under-test.ts";

type Call = (fetch: FetchFunction, url: URL, init: RequestInit) => Promise<Response>;

/** A fetch function for each client, because one that keeps cookies keeps them for itself. */
type Beneath = () => FetchFunction;
const platform: Beneath = () => globalThis.fetch;
/** What a program without us calls: the global function of the moment. */
const late: FetchFunction = (input, init) => globalThis.fetch(input, init);

/** A fetch of Node's own http, whose redirects keep Authorization for another port of the host, and for its subdomains. */
export const overNodeFetch: Beneath = () => nodeFetch as unknown as FetchFunction;
/** The platform's with a jar of cookies around it, which follows redirects itself. */
export const overFetchCookie: Beneath = () => makeFetchCookie(globalThis.fetch) as FetchFunction;

function fetchWith(name: string, call: Call, beneath: Beneath = platform): ClientUnderTest {
  const sender =
    (fetch: FetchFunction, origin: string, { base = "", timeout }: Setting = {}): Send =>
    async ({ path = "/", ...outgoing }) => {
      const init = initOf(outgoing, name);
      if (timeout !== undefined) init.signal = AbortSignal.timeout(timeout);
      const response = await call(fetch, new URL(base + path, origin), init);
      return { status: response.status, body: await response.text() };
    };

  return {
    name,
    connect(tokens, origin, options = {}, setting = {}) {
      const { failure, hooks } = setting;
      const network: FetchFunction =
        failure === undefined ? (tokens === undefined && beneath === platform ? late : beneath()) : () => Promise.reject(failure);
      const withTokens = tokens === undefined ? network : bearer(tokens, { origins: origin, ...options })(network);
      // A wrapper beneath the adapter belongs to the network. What a fetch function has of hooks is wrapped around the adapter.
      return sender(hooks === undefined ? withTokens : wrapped(wrapped(withTokens, hooks[1]), hooks[0]), origin, setting);
    },
    async detached(tokens, origin) {
      const network = beneath();
      await sender(bearer(tokens, { origins: origin })(network), origin)({});
      return sender(network, origin);
    },
    // The function that was wrapped is still there.
    withoutToken: (_tokens, origin) => sender(beneath(), origin),
  };
}

const wrapped =
  (fetch: FetchFunction, hook: Hook): FetchFunction =>
  async (input, init) => {
    hook("request");
    const response = await fetch(input, init);
    hook(`response ${response.status}`);
    return response;
  };

function initOf({ method = "GET", body, headers = {}, asGiven, signal }: Outgoing, name: string): RequestInit {
  const init: RequestInit & { duplex?: "half" } = { method, headers: asGiven ? headers : { "x-client": name, ...headers } };
  if (body !== undefined) Object.assign(init, { body, duplex: "half" });
  if (signal !== undefined) init.signal = signal;
  return init;
}

const withInit: Call = (fetch, url, init) => fetch(url, init);
const withRequest: Call = (fetch, url, init) => fetch(new Request(url, init));
const copied = { D59: "a stream inside a Request is copied while it is sent, so it can be sent again" };

export const fetchWithInit: ClientUnderTest = fetchWith("fetch", withInit);
export const fetchWithRequest: ClientUnderTest = { ...fetchWith("fetch with a Request", withRequest), differences: copied };
/** node-fetch takes Node's streams only. */
const withNodeStream: Call = (fetch, url, { body, ...init }) =>
  fetch(url, { ...init, body: (body instanceof ReadableStream ? Readable.fromWeb(body as WebStream) : (body ?? null)) as BodyInit });

export const fetchOverNodeFetch: ClientUnderTest = fetchWith("fetch over node-fetch", withNodeStream, overNodeFetch);
export const fetchOverFetchCookie: ClientUnderTest = {
  ...fetchWith("fetch with a Request over fetch-cookie", withRequest, overFetchCookie),
  differences: copied,
};
