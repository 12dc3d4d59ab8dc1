import { AsyncLocalStorage } from "node:async_hooks";
import { createTokenCache, type TokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/undici";
import { Agent, interceptors, type Dispatcher } from "undici";
import { expect, it } from "vitest";
import { actAtRandom } from "./many-users.ts";
import { startWireApi } from "./wire-session.ts";

type Interceptor = Dispatcher.DispatcherComposeInterceptor;

const redirect = (): Interceptor => interceptors.redirect({ maxRedirections: 2 });
const retry = (): Interceptor => interceptors.retry({ minTimeout: 1 });

/** Few connections, so that users meet on them. */
const compose = (...given: Interceptor[]): Dispatcher => new Agent({ connections: 3 }).compose(...given);

it("200 users in random orders: nobody gets another's token or answer: tokens by `opaque`", { timeout: 120_000 }, async () => {
  const requests = await actAtRandom(({ origin, tokensOf }) => {
    const ours = bearer((request) => tokensOf(String((request as Dispatcher.RequestOptions<string>).opaque)), { origins: origin });
    const client = compose(redirect(), retry(), ours);
    return async (user, { path, method, body }) => {
      const response = await client.request({ origin, path, method, body: body ?? null, opaque: user });
      return response.body.text();
    };
  });

  expect(requests).toBeGreaterThan(400);
});

it(
  "200 users in random orders: nobody gets another's token or answer: tokens by AsyncLocalStorage, although redirect and retry, outside, are called in the context of whoever opened the connection",
  { timeout: 120_000 },
  async () => {
    const current = new AsyncLocalStorage<string>();

    const requests = await actAtRandom(({ origin, tokensOf }) => {
      const ours = bearer(() => tokensOf(current.getStore() ?? "nobody"), { origins: origin });
      const client = compose(ours, redirect(), retry());
      return (user, { path, method, body }) =>
        current.run(user, async () => {
          const response = await client.request({ origin, path, method, body: body ?? null });
          return response.body.text();
        });
    });

    expect(requests).toBeGreaterThan(400);
  },
);

it("a redirect from an origin without tokens to one with them is asked about in the caller's context, too", async () => {
  const current = new AsyncLocalStorage<string>();
  const tokensOf = (user = "nobody"): TokenCache => createTokenCache({ source: async () => ({ access_token: user }) });
  await using wire = await startWireApi(
    () => true,
    ({ token }) => ({ status: 200, body: String(token) }),
  );
  await using elsewhere = await startWireApi(
    () => true,
    () => ({ status: 302, headers: { location: wire.origin } }),
  );
  const client = new Agent({ connections: 1 }).compose(
    bearer(() => tokensOf(current.getStore()), { origins: wire.origin }),
    redirect(),
  );
  const ask = (user: string): Promise<string> =>
    current.run(user, async () => {
      const response = await client.request({ origin: elsewhere.origin, path: "/", method: "GET" });
      return response.body.text();
    });

  expect([await ask("anna"), await ask("ben"), await ask("cleo")]).toEqual(["anna", "ben", "cleo"]);
});
