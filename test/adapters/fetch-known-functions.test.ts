import type { FetchFunction } from "@tokenflight/fetch";
import makeFetchCookie from "fetch-cookie";
import nodeFetch, { Headers as NodeFetchHeaders, Request as NodeFetchRequest, Response as NodeFetchResponse } from "node-fetch";
import { fetch as undiciFetch, Headers as UndiciHeaders, Request as UndiciRequest, Response as UndiciResponse } from "undici";
import { afterEach, describe, expect, it, vi } from "vitest";
import { isKnownFetch } from "../../packages/core/src/request/fetch/fetch-function.ts";
import { startWireApi } from "./wire-session.ts";

const platform = globalThis.fetch;
const before = { fetch, Request, Headers, Response };
afterEach(() => {
  Object.assign(globalThis, before);
});

const later =
  (beneath: typeof fetch): typeof fetch =>
  async (...call) => {
    await new Promise((resolve) => setImmediate(resolve));
    return beneath(...call);
  };

/** What programs put at `globalThis.fetch`. All but the first are not known, whatever they are around. */
const functions: [string, () => unknown][] = [
  ["Node's own", () => platform],
  ["a wrapper around Node's own", () => (input: string, init: RequestInit) => platform(input, init)],
  ["a wrapper that goes on later", () => later(platform)],
  ["Node's own, bound", () => platform.bind(undefined)],
  ["a Proxy of Node's own", () => new Proxy(platform, {})],
  ["undici's", () => undiciFetch],
  ["node-fetch", () => nodeFetch],
  [
    "node-fetch, bound, with the name of the platform's",
    () => Object.defineProperty(nodeFetch.bind(undefined), "name", { value: "fetch" }),
  ],
  ["fetch-cookie", () => makeFetchCookie(platform)],
];

it.each(functions)("only Node's own function is known: %s", (name, make) => {
  expect(isKnownFetch(make() as FetchFunction)).toBe(name === "Node's own");
});

it.each([undefined, null, "fetch", {}])("what is no function is not known: %j", (fetch) => {
  expect(isKnownFetch(fetch as never)).toBe(false);
});

const ways = functions.flatMap(([name, make]) => (["before", "after"] as const).map((when) => ({ name, make, when })));
type Send = (url: string, init?: RequestInit) => Promise<Response>;

/** The classes that come with a function, which ky makes a Request of. */
const classes: Record<string, object> = {
  "undici's": { Request: UndiciRequest, Headers: UndiciHeaders, Response: UndiciResponse },
  "node-fetch": { Request: NodeFetchRequest, Headers: NodeFetchHeaders, Response: NodeFetchResponse },
};

/** fetch and ky, loaded when `globalThis.fetch` was there already, or before. */
async function clientsOf(origins: string, name: string, make: () => unknown, when: "before" | "after"): Promise<[string, Send][]> {
  const put = (): void => void Object.assign(globalThis, { fetch: make(), ...classes[name.split(",")[0] ?? ""] });
  vi.resetModules();
  if (when === "before") put();
  const { createTokenCache } = await import("@tokenflight/core");
  const { bearer } = await import("@tokenflight/fetch");
  const { bearer: kyBearer } = await import("@tokenflight/ky");
  const { default: ky } = await import("ky");
  let count = 0;
  const tokens = createTokenCache({ source: async () => ({ access_token: String((count += 1)), expires_in: 600 }) });
  const early = bearer(tokens, { origins })(globalThis.fetch);
  const extended = ky.create({ retry: 0, throwHttpErrors: false }).extend(kyBearer(tokens, { origins }));
  if (when === "after") put();
  return [
    ["fetch, attached before", early],
    ["fetch, attached after", bearer(tokens, { origins })(globalThis.fetch)],
    ["ky", (url, init) => extended(url, init)],
  ];
}

describe.each(ways)("$name at globalThis.fetch $when our modules are loaded", ({ name, make, when }) => {
  it("takes no token along to another origin, and follows home with it", async () => {
    await using other = await startWireApi(
      () => true,
      () => ({ status: 200 }),
    );
    await using api = await startWireApi(
      () => true,
      ({ url }) => {
        if (url === "/away") return { status: 302, headers: { location: `${other.origin}/there` } };
        return url === "/from" ? { status: 302, headers: { location: "/to" } } : { status: 200 };
      },
    );
    for (const [client, send] of await clientsOf(api.origin, name, make, when)) {
      expect([client, (await send(`${api.origin}/away`)).status]).toEqual([client, 200]);
      expect([client, (await send(`${api.origin}/from`)).status]).toEqual([client, 200]);
    }
    expect(other.requests.map(({ url, token }) => [url, token])).toEqual(Array.from({ length: 3 }, () => ["/there", undefined]));
    expect(api.requests.map(({ url, token }) => [url, token === undefined])).toEqual(
      Array.from({ length: 3 }, () => ["/away", "/from", "/to"].map((path) => [path, false])).flat(),
    );
  });

  it("sends the bytes of the call, both times, whatever becomes of the buffer", async () => {
    let count = 0;
    await using api = await startWireApi(
      () => true,
      () => ({ status: (count += 1) % 2 === 1 ? 401 : 200 }),
    );
    // ky itself cannot send a body with node-fetch's Request: it cancels a stream that cannot be cancelled.
    const clients = (await clientsOf(api.origin, name, make, when)).filter(
      ([client]) => !(client === "ky" && name.startsWith("node-fetch")),
    );
    for (const [client, send] of clients) {
      const body = new TextEncoder().encode("request one");
      const call = send(api.origin, { method: "POST", body });
      body.fill(0x58);
      expect([client, (await call).status]).toEqual([client, 200]);
    }
    expect(api.requests.map(({ body }) => body.toString())).toEqual(clients.flatMap(() => ["request one", "request one"]));
  });
});
