import { bearer, type FetchFunction } from "@tokenflight/fetch";
import type { ClientUnderTest, Outgoing, Send } from "./client-under-test.ts";

type Call = (fetch: FetchFunction, url: URL, init: RequestInit) => Promise<Response>;

function fetchWith(name: string, call: Call): ClientUnderTest {
  const sender =
    (fetch: FetchFunction, origin: string): Send =>
    async ({ path = "/", ...outgoing }) => {
      const response = await call(fetch, new URL(path, origin), initOf(outgoing, name));
      return { status: response.status, body: await response.text() };
    };

  return {
    name,
    connect: (tokens, origin, options = {}) =>
      sender(tokens === undefined ? globalThis.fetch : bearer(tokens, { origins: origin, ...options })(globalThis.fetch), origin),
    // The function that was wrapped is still there.
    withoutToken: (_tokens, origin) => sender(globalThis.fetch, origin),
  };
}

function initOf({ method = "GET", body, headers = {}, signal }: Outgoing, name: string): RequestInit {
  const init: RequestInit & { duplex?: "half" } = { method, headers: { "x-client": name, ...headers } };
  if (body !== undefined) Object.assign(init, { body, duplex: "half" });
  if (signal !== undefined) init.signal = signal;
  return init;
}

export const fetchWithInit: ClientUnderTest = fetchWith("fetch", (fetch, url, init) => fetch(url, init));
export const fetchWithRequest: ClientUnderTest = {
  ...fetchWith("fetch with a Request", (fetch, url, init) => fetch(new Request(url, init))),
  differences: { D59: "a stream inside a Request is copied while it is sent, so it can be sent again" },
};
