import { createTokenCache, type TokenCache } from "@tokenflight/core";
import { bearer, type FetchFunction } from "@tokenflight/fetch";
import { bearer as bearerForKy } from "@tokenflight/ky";
import ky, { type Options } from "ky";
import { Agent, fetch as undiciFetch, interceptors } from "undici";
import { describe, expect, it } from "vitest";
import { startWireApi, type WireApi } from "./wire-session.ts";

const tokensOf = (user: string): TokenCache => createTokenCache({ source: async () => ({ access_token: user }) });
const start = (): Promise<WireApi> =>
  startWireApi(
    () => true,
    ({ token }) => ({ status: 200, body: `for ${token}`, headers: { "cache-control": "public, max-age=60", vary: "Authorization" } }),
  );

/** fetch with a cache beneath it. */
function caching(): FetchFunction {
  const dispatcher = new Agent().compose(interceptors.cache());
  const call = undiciFetch as unknown as FetchFunction;
  return (input, init) => call(input, { ...init, dispatcher } as RequestInit);
}

/** For each user a client over the same fetch function. */
const clients: [string, (beneath: FetchFunction, origin: string, user: string) => () => Promise<string>][] = [
  [
    "fetch",
    (beneath, origin, user) => {
      const fetch = bearer(tokensOf(user), { origins: origin })(beneath);
      return async () => (await fetch(`${origin}/orders`)).text();
    },
  ],
  [
    "ky",
    (beneath, origin, user) => {
      const parent: Options = {
        prefix: origin,
        fetch: (input, init) => beneath(input instanceof Request ? input.url : input, headersOf(input, init)),
      };
      const api = ky.create(parent).extend(bearerForKy(tokensOf(user)));
      return () => api("orders").text();
    },
  ],
];

/** undici's fetch takes no Request of the platform's. */
function headersOf(input: string | URL | Request, init: RequestInit | undefined): RequestInit {
  return { headers: init?.headers ?? (input instanceof Request ? input.headers : {}) };
}

describe.each(clients)("%s", (_name, clientOf) => {
  it("I121 a cache beneath gives nobody another's answer when the API says Vary: Authorization, and each their own again", async () => {
    await using wire = await start();
    const beneath = caching();
    const [anna, ben] = ["anna", "ben"].map((user) => clientOf(beneath, wire.origin, user)) as [
      () => Promise<string>,
      () => Promise<string>,
    ];

    const answers = [await anna(), await ben(), await ben()];

    expect(answers).toEqual(["for anna", "for ben", "for ben"]);
    expect(wire.requests.map(({ token }) => token)).toEqual(["anna", "ben"]);
  });
});
