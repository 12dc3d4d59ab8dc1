import { bearer } from "@tokenflight/undici";
import { createTokenCache, type TokenCache } from "@tokenflight/core";
import { Agent, interceptors, type Dispatcher } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import { startWireApi, type WireApi } from "./wire-session.ts";

type Interceptor = Dispatcher.DispatcherComposeInterceptor;

const agents: Agent[] = [];
afterEach(() => Promise.all(agents.splice(0).map((agent) => agent.destroy())));

/** Users whose name is their token. */
const tokensOf = (user: string): TokenCache => createTokenCache({ source: async () => ({ access_token: user }) });
const users = { anna: tokensOf("anna"), ben: tokensOf("ben") };
type User = keyof typeof users;

/** An API that says who asked, and a client for all users on one dispatcher: a request says in `opaque` whose it is. */
async function start(
  cacheControl: string,
  order: (bearer: Interceptor) => Interceptor[],
): Promise<{ wire: WireApi; ask: (user: User) => Promise<string> }> {
  const wire = await startWireApi(
    () => true,
    ({ token, headers }) =>
      headers["if-none-match"] === '"1"'
        ? { status: 304, headers: { etag: '"1"' } }
        : { status: 200, headers: { "cache-control": cacheControl, etag: '"1"' }, body: `for ${token}` },
  );
  const agent = new Agent();
  agents.push(agent);
  const byOpaque = bearer((request) => users[(request as Dispatcher.RequestOptions<User>).opaque as User], { origins: wire.origin });
  const client = agent.compose(...order(byOpaque));
  return {
    wire,
    async ask(user) {
      const response = await client.request({ origin: wire.origin, path: "/", method: "GET", opaque: user });
      return response.body.text();
    },
  };
}

describe("compose(cache, bearer), the documented order", () => {
  it.each(["max-age=60", "private, max-age=60"])(
    "an answer with %s is not stored, because it answers a request with Authorization",
    async (cacheControl) => {
      const { wire, ask } = await start(cacheControl, (ours) => [interceptors.cache(), ours]);
      await using _ = wire;

      expect([await ask("anna"), await ask("ben"), await ask("anna")]).toEqual(["for anna", "for ben", "for anna"]);

      expect(wire.requests).toHaveLength(3);
    },
  );

  it("not even by a cache of type private, which is for one user", async () => {
    const { wire, ask } = await start("private, max-age=60", (ours) => [interceptors.cache({ type: "private" }), ours]);
    await using _ = wire;

    expect([await ask("anna"), await ask("ben"), await ask("anna")]).toEqual(["for anna", "for ben", "for anna"]);
  });

  it.each(["public, max-age=60", "s-maxage=60"])(
    "an answer with %s is for everybody, says the API, and is stored for everybody",
    async (cacheControl) => {
      const { wire, ask } = await start(cacheControl, (ours) => [interceptors.cache(), ours]);
      await using _ = wire;

      expect([await ask("anna"), await ask("ben")]).toEqual(["for anna", "for anna"]);

      expect(wire.requests).toHaveLength(1);
    },
  );
});

describe("compose(bearer, cache), the order that the documentation warns of", () => {
  it("the cache does not see that a request is somebody's, and gives one user's answer to another", async () => {
    const { wire, ask } = await start("max-age=60", (ours) => [ours, interceptors.cache()]);
    await using _ = wire;

    expect([await ask("anna"), await ask("ben")]).toEqual(["for anna", "for anna"]);
  });

  it("a cache that revalidates works through our controller", async () => {
    const { wire, ask } = await start("max-age=0, must-revalidate", (ours) => [ours, interceptors.cache()]);
    await using _ = wire;

    expect([await ask("anna"), await ask("anna")]).toEqual(["for anna", "for anna"]);

    expect(wire.requests.map(({ headers }) => headers["if-none-match"])).toEqual([undefined, '"1"']);
  });
});

it("compose(deduplicate, bearer): requests of one user are one on the wire, those of two are two", async () => {
  const { wire, ask } = await start("no-store", (ours) => [interceptors.deduplicate(), ours]);
  await using _ = wire;

  expect(await Promise.all([ask("anna"), ask("ben"), ask("anna"), ask("ben")])).toEqual(["for anna", "for ben", "for anna", "for ben"]);

  expect(wire.requests.map(({ token }) => token).toSorted()).toEqual(["anna", "ben"]);
});
