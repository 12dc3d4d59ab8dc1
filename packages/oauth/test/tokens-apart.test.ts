import { createTokenCache, memoryStore, type TokenSource } from "@tokenflight/core";
import {
  createLogin,
  createOAuthClient,
  noClientAuth,
  type GrantOptions,
  type Login,
  type OAuthClient,
  type OAuthClientOptions,
} from "@tokenflight/oauth";
import { describe, expect, it } from "vitest";

/** A client of a server whose access tokens say what they are for. */
function clientOf(options: Partial<OAuthClientOptions> = {}): OAuthClient {
  const answer = async (_: string, { body }: RequestInit): Promise<Response> => {
    const { grant_type: grant, ...fields } = Object.fromEntries(new URLSearchParams(body as string));
    const { refresh_token: spent, scope, resource, audience, organization } = fields;
    const about = [grant, scope, resource, audience, organization].filter((one) => one !== undefined).join("-");
    const next = spent === undefined ? {} : { refresh_token: `${spent}+` };
    return Response.json({ access_token: about.replaceAll(/[^\w-]/g, "."), token_type: "bearer", expires_in: 600, ...next });
  };
  const { fetch = answer } = options;
  return createOAuthClient({
    tokenEndpoint: "https://auth.example.com/token",
    clientId: "id",
    clientAuth: noClientAuth(),
    ...options,
    fetch,
  });
}

/** What one of two sources may have that the other one has not. */
const differences: Record<string, [OAuthClientOptions | object, GrantOptions]> = {
  "a scope": [{}, { scope: "mail" }],
  "a resource": [{}, { resource: "https://mail.example" }],
  "an audience": [{}, { audience: "mail" }],
  "a parameter": [{}, { parameters: { organization: "two" } }],
  "a parameter of the client's": [{ tokenParameters: { organization: "two" } }, {}],
};
const grants: Record<string, (client: OAuthClient, options: GrantOptions) => TokenSource> = {
  "client credentials": (client, options) => client.clientCredentials(options),
  "a token exchange": (client, options) => client.tokenExchange({ ...options, subjectToken: () => "subject" }),
  "a signed assertion": (client, options) => client.jwtBearer({ ...options, assertion: () => "assertion" }),
  "a refresh token": (client, options) => client.refreshToken(options),
};
const cases = Object.keys(grants).flatMap((grant) =>
  Object.keys(differences).flatMap((difference) => [undefined, "ours"].map((identity) => ({ grant, difference, identity }))),
);

describe("two caches with one key in one store (field lines 102 and 107)", () => {
  it.each(cases)(
    "$grant: $difference more, identity $identity: neither is given the other's token",
    async ({ grant, difference, identity }) => {
      const store = memoryStore();
      const [options, asked] = differences[difference] ?? [{}, {}];
      const sourceOf = grants[grant] as (client: OAuthClient, options: GrantOptions) => TokenSource;
      const cacheOf = (source: TokenSource) =>
        createTokenCache({ source, store, key: "user", ...(identity !== undefined && { identity }) });
      const [one, other] = [cacheOf(sourceOf(clientOf(), {})), cacheOf(sourceOf(clientOf(options), asked))];
      if (grant === "a refresh token") await one.save({ refresh_token: "R" });

      const [first, second] = [(await one.get()).accessToken, (await other.get()).accessToken];

      expect(second).not.toBe(first);
      expect(second).toMatch(/mail|two/);
      expect([one.peek()?.accessToken, other.peek()?.accessToken]).toEqual([first, second]);
    },
  );

  it("one for a user and one for the client itself, under one identity: neither is given the other's", async () => {
    const [store, client] = [memoryStore(), clientOf()];
    const shared = { store, key: "user", identity: "ours" };
    const [user, itself] = [
      createTokenCache({ ...shared, source: client.refreshToken() }),
      createTokenCache({ ...shared, source: client.clientCredentials() }),
    ];
    await user.save({ refresh_token: "R" });
    expect([(await itself.get()).accessToken, (await user.get()).accessToken]).toEqual(["client_credentials", "refresh_token"]);
  });
});

describe("the caches of a login", () => {
  const login = (): ReturnType<typeof createLogin> => createLogin({ client: clientOf(), store: memoryStore(), key: "user" });

  it("are the same for the same options, in whatever order, and end with the login only", async () => {
    const all = login();
    const cache = all.for({ scope: "a b", resource: "https://one.example" });
    expect(all.for({ resource: "https://one.example", scope: ["b", "a"] })).toBe(cache);
    expect(["close", Symbol.asyncDispose].filter((name) => name in cache)).toEqual([]);
    await all.save({ refresh_token: "R" });
    expect((await cache.get()).accessToken).toContain("one.example");
    await all.close();
    await expect(cache.get()).rejects.toMatchObject({ code: "ERR_CLOSED" });
    await expect(all.for({ scope: "made.later" }).get()).rejects.toMatchObject({ code: "ERR_CLOSED" });
  });

  it("say what the login is found by, all the same", () => {
    const all = login();
    expect(all.for().identity).toBe(clientOf().refreshToken().identity);
    expect(all.for({ scope: "mail" }).identity).toBe(all.for().identity);
    expect(createLogin({ client: clientOf(), identity: "ours" }).for().identity).toBe("ours");
  });
});

describe("the status of a login", () => {
  it("is known once its store was looked at, whichever cache is used", async () => {
    const store = memoryStore();
    const [all, elsewhere] = [1, 2].map(() => createLogin({ client: clientOf(), store, key: "user" })) as [Login, Login];
    const cache = all.for({ scope: "mail" });
    expect(all.status().state).toBe("unknown");
    await elsewhere.save({ refresh_token: "R" });
    await all.reread();
    expect(all.status().state).toBe("logged-in");
    await cache.get();
    expect(all.status()).toMatchObject({ state: "logged-in", expiresAt: undefined });
    await elsewhere.forget();
    await all.reread();
    expect(all.status().state).toBe("logged-out");
  });
});
