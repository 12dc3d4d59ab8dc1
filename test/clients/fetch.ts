import { bearer, type FetchFunction } from "@tokenflight/fetch";
import type { ClientUnderTest, Hook, Outgoing, Send, Setting } from "./client-under-test.ts";

type Call = (fetch: FetchFunction, url: URL, init: RequestInit) => Promise<Response>;

function fetchWith(name: string, call: Call): ClientUnderTest {
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
      const network: FetchFunction = failure === undefined ? globalThis.fetch : () => Promise.reject(failure);
      const withTokens = tokens === undefined ? network : bearer(tokens, { origins: origin, ...options })(network);
      // A wrapper beneath the adapter belongs to the network. What a fetch function has of hooks is wrapped around the adapter.
      return sender(hooks === undefined ? withTokens : wrapped(wrapped(withTokens, hooks[1]), hooks[0]), origin, setting);
    },
    async detached(tokens, origin) {
      await sender(bearer(tokens, { origins: origin })(globalThis.fetch), origin)({});
      return sender(globalThis.fetch, origin);
    },
    // The function that was wrapped is still there.
    withoutToken: (_tokens, origin) => sender(globalThis.fetch, origin),
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

export const fetchWithInit: ClientUnderTest = fetchWith("fetch", (fetch, url, init) => fetch(url, init));
export const fetchWithRequest: ClientUnderTest = {
  ...fetchWith("fetch with a Request", (fetch, url, init) => fetch(new Request(url, init))),
  differences: { D59: "a stream inside a Request is copied while it is sent, so it can be sent again" },
};
