import { describe, expect, it } from "vitest";
import { InvalidOptionError, readTokenResponse } from "@tokenflight/core";
import {
  clientSecretPost,
  createOAuthClient,
  type OAuthClient,
  type OAuthClientOptions,
  type TokenExchangeOptions,
} from "@tokenflight/oauth";
import { call, failureOf, tokenSetWith } from "./call.ts";
import { always, startOddServer, type OddServer } from "./odd-server.ts";

function clientOf({ origin }: Pick<OddServer, "origin">, options: Partial<OAuthClientOptions> = {}): OAuthClient {
  return createOAuthClient({
    tokenEndpoint: `${origin}/token`,
    revocationEndpoint: `${origin}/revoke`,
    introspectionEndpoint: `${origin}/introspect`,
    clientId: "id",
    clientAuth: clientSecretPost("canary-secret"),
    ...options,
  });
}

const formsOf = ({ received }: OddServer): unknown[] => received.map(({ path, form }) => ({ path, ...Object.fromEntries(form) }));
const client_id = "id";
const client_secret = "canary-secret";

describe("token exchange (RFC 8693)", () => {
  it("sends both tokens, asked for anew each time", async () => {
    const server = await startOddServer(always(200, { access_token: "a" }));
    let turn = 0;
    const source = clientOf(server).tokenExchange({
      subjectToken: () => `subject-${(turn += 1)}`,
      actorToken: async () => "actor",
      actorTokenType: "urn:ietf:params:oauth:token-type:jwt",
      requestedTokenType: "urn:ietf:params:oauth:token-type:access_token",
      audience: "orders",
      scope: "read",
    });
    await call(source);
    expect((await call(source)).scope).toBe("read");
    expect(source.spendsRefreshToken).toBe(false);
    expect(source.identity).not.toMatch(/subject-|"actor"/);
    expect(formsOf(server)[1]).toEqual({
      path: "/token",
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token: "subject-2",
      subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
      actor_token: "actor",
      actor_token_type: "urn:ietf:params:oauth:token-type:jwt",
      requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
      audience: "orders",
      scope: "read",
      client_id,
      client_secret,
    });
  });

  it("refuses a token of another type than was asked for", async () => {
    const type = (name: string): string => `urn:ietf:params:oauth:token-type:${name}`;
    const ask = async (asked: string | undefined, issued: string | undefined): Promise<string> => {
      const server = await startOddServer(always(200, { access_token: "canary", issued_token_type: issued }));
      const source = clientOf(server).tokenExchange({
        subjectToken: () => "s",
        ...(asked === undefined ? {} : { requestedTokenType: asked }),
      });
      return (await call(source)).accessToken;
    };
    const failure = await failureOf(ask(type("access_token"), type("refresh_token")));
    expect([failure["code"], String(failure).includes("canary")]).toEqual(["ERR_INVALID_TOKEN_RESPONSE", false]);
    expect(await ask(type("jwt"), type("jwt"))).toBe("canary");
    expect(await ask(type("jwt"), undefined)).toBe("canary");
    expect(await ask(undefined, type("jwt"))).toBe("canary");
  });

  it("puts neither token into an error", async () => {
    const server = await startOddServer((response, _request, { form }) => {
      response.writeHead(400).end(JSON.stringify({ error: "invalid_request", error_description: `no ${form.get("subject_token")}` }));
    });
    const error = await failureOf(call(clientOf(server).tokenExchange({ subjectToken: () => "canary-subject" })));
    expect(error["errorDescription"]).toBe("no ***");
  });

  it("sends nothing without a token", async () => {
    const server = await startOddServer(always(200, { access_token: "a" }));
    const source = clientOf(server).tokenExchange({ subjectToken: () => "" });
    expect(await failureOf(call(source))).toBeInstanceOf(InvalidOptionError);
    expect(server.received).toEqual([]);
  });

  it.each([{}, { subjectToken: "canary" }, { subjectToken: () => "s", actorToken: 1 }, { subjectToken: () => "s", subjectTokenType: "" }])(
    "refuses %o",
    (options) => {
      const make = (): unknown => clientOf({ origin: "https://a.example" }).tokenExchange(options as TokenExchangeOptions);
      expect(make).toThrow(InvalidOptionError);
      expect(make).not.toThrow(/canary/);
    },
  );
});

it("a JWT bearer grant (RFC 7523) sends its assertion", async () => {
  const server = await startOddServer(always(200, { access_token: "a" }));
  const source = clientOf(server).jwtBearer({ assertion: () => "e30.e30.s", scope: ["a", "b"] });
  await call(source);
  expect(formsOf(server)).toEqual([
    {
      path: "/token",
      grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
      assertion: "e30.e30.s",
      scope: "a b",
      client_id,
      client_secret,
    },
  ]);
});

describe("revocation (RFC 7009)", () => {
  it.each([200, 204])("gives back the refresh token first, then the access token (%i)", async (status) => {
    const server = await startOddServer((response) => response.writeHead(status).end());
    await clientOf(server).revoke(tokenSetWith("canary-refresh"));
    expect(formsOf(server)).toEqual([
      { path: "/revoke", token: "canary-refresh", token_type_hint: "refresh_token", client_id, client_secret },
      { path: "/revoke", token: "old-access", token_type_hint: "access_token", client_id, client_secret },
    ]);
  });

  it("minds no server that revokes refresh tokens only", async () => {
    const server = await startOddServer((response, request, received) => {
      const isAccess = received.form.get("token_type_hint") === "access_token";
      always(isAccess ? 400 : 200, isAccess ? { error: "unsupported_token_type" } : "")(response, request, received);
    });
    await clientOf(server).revoke(tokenSetWith("r"));
    expect(server.received).toHaveLength(2);
    const account = readTokenResponse({ access_token: "a" }, 0);
    await clientOf(server).revoke(account);
    expect(server.received).toHaveLength(3);
  });

  it("gives the access token back even where the refresh token is refused, and tells of that", async () => {
    const server = await startOddServer((response, request, received) => {
      const isRefresh = received.form.get("token_type_hint") === "refresh_token";
      always(isRefresh ? 400 : 200, isRefresh ? { error: "unsupported_token_type" } : "")(response, request, received);
    });
    const error = await failureOf(clientOf(server).revoke(tokenSetWith("r")));
    expect(error).toMatchObject({ outcome: "refused", error: "unsupported_token_type" });
    expect(server.received.map(({ form }) => form.get("token"))).toEqual(["r", "old-access"]);
  });

  it.each([
    [401, { error: "invalid_client" }, "refused"],
    [503, "", "throttled"],
    [302, "", "unknown"],
  ])("%i is a typed error", async (status, body, outcome) => {
    const server = await startOddServer(always(status, body));
    const error = await failureOf(clientOf(server).revoke(tokenSetWith("canary-refresh")));
    expect(error).toMatchObject({
      name: "TokenRequestError",
      status,
      outcome,
      message: expect.stringContaining("The revocation endpoint"),
    });
    expect(String(error)).not.toContain("canary");
  });

  it("has to know where", async () => {
    const error = await failureOf(clientOf({ origin: "https://a.example" }, { revocationEndpoint: undefined }).revoke(tokenSetWith("r")));
    expect(error).toMatchObject({ outcome: "not-sent", message: expect.stringContaining("revocation_endpoint") });
  });
});

describe("introspection (RFC 7662)", () => {
  it("tells what the server says", async () => {
    const server = await startOddServer(always(200, { active: true, scope: "read", exp: 1 }));
    expect({ ...(await clientOf(server).introspect("canary-token", { hint: "access_token" })) }).toEqual({
      active: true,
      scope: "read",
      exp: 1,
    });
    expect(formsOf(server)).toEqual([
      { path: "/introspect", token: "canary-token", token_type_hint: "access_token", client_id, client_secret },
    ]);
  });

  it.each<[number, unknown, string]>([
    [200, {}, "unknown"],
    [200, { active: "true" }, "unknown"],
    [200, "<html>", "unknown"],
    [401, { error: "invalid_client" }, "refused"],
    [500, { active: true }, "unknown"],
  ])("%i with %j is a typed error", async (status, body, outcome) => {
    const server = await startOddServer(always(status, body));
    expect(await failureOf(clientOf(server).introspect("canary-token"))).toMatchObject({ name: "TokenRequestError", outcome, status });
  });
});
