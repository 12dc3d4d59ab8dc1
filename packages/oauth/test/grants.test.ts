import { describe, expect, it } from "vitest";
import { createTokenCache, InvalidOptionError, LoginRequiredError, readTokenResponse, TokenSet } from "@tokenflight/core";
import { createOAuthClient, noClientAuth, type OAuthClient, type OAuthClientOptions } from "@tokenflight/oauth";
import { call, failureOf, tokenSetWith } from "./call.ts";
import { always, startOddServer, type OddServer, type Received } from "./odd-server.ts";

function clientOf({ tokenEndpoint }: Pick<OddServer, "tokenEndpoint">, options: Partial<OAuthClientOptions> = {}): OAuthClient {
  return createOAuthClient({ tokenEndpoint, clientId: "id", clientAuth: noClientAuth(), ...options });
}

/** Sorted by name. */
function fieldsOf(request: Received | undefined): string[][] {
  return [...(request?.form ?? [])].toSorted(([one], [other]) => one.localeCompare(other));
}

const nowhere = { tokenEndpoint: "https://auth.example.com/oauth/token" };
const tokenResponse = { access_token: "new-access", token_type: "bearer", expires_in: 600 };

describe("clientCredentials", () => {
  it("asks for JSON with a form (RFC 6749 section 4.4.2)", async () => {
    const server = await startOddServer(always(200, tokenResponse));
    const source = clientOf(server).clientCredentials({
      scope: ["read", "write"],
      resource: ["https://a.example/", "urn:b"],
      audience: "c",
      parameters: { tenant: "t=1" },
    });
    expect((await call(source)).accessToken).toBe("new-access");
    const [request] = server.received;
    expect(request).toMatchObject({ method: "POST", path: "/oauth/token" });
    expect(request?.headers).toMatchObject({
      accept: "application/json",
      "content-type": expect.stringMatching(/^application\/x-www-form-urlencoded/),
    });
    expect(fieldsOf(request)).toEqual([
      ["audience", "c"],
      ["client_id", "id"],
      ["grant_type", "client_credentials"],
      ["resource", "https://a.example/"],
      ["resource", "urn:b"],
      ["scope", "read write"],
      ["tenant", "t=1"],
    ]);
  });

  it("takes the scope that was asked for when the answer leaves it out (RFC 6749 section 5.1)", async () => {
    const silent = await startOddServer(always(200, tokenResponse));
    expect((await call(clientOf(silent).clientCredentials({ scope: " read  write " }))).scope).toBe("read write");
    const narrow = await startOddServer(always(200, { ...tokenResponse, scope: "read" }));
    expect((await call(clientOf(narrow).clientCredentials({ scope: "read write" }))).scope).toBe("read");
  });

  it("feeds a token cache", async () => {
    const server = await startOddServer(always(200, tokenResponse));
    const cache = createTokenCache({ source: clientOf(server).clientCredentials() });
    expect((await Promise.all([cache.get(), cache.get()])).map(({ accessToken }) => accessToken)).toEqual(["new-access", "new-access"]);
    expect(server.received).toHaveLength(1);
  });
});

describe("refreshToken", () => {
  it("sends the previous refresh token (RFC 6749 section 6)", async () => {
    const server = await startOddServer(always(200, { ...tokenResponse, refresh_token: "r2" }));
    const renewed = await call(clientOf(server).refreshToken(), { previous: tokenSetWith("r1&=+%") });
    expect(fieldsOf(server.received[0])).toEqual([
      ["client_id", "id"],
      ["grant_type", "refresh_token"],
      ["refresh_token", "r1&=+%"],
    ]);
    expect(renewed.refreshToken).toBe("r2");
  });

  describe("gives the tokens of the same user only:", () => {
    const idToken = (claims: unknown): string => `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.canary`;
    const ada = { iss: "https://a.example", sub: "ada-é" };

    it.each<[string, unknown, unknown, boolean]>([
      ["the same one", ada, { ...ada, iat: 1 }, true],
      ["another one", ada, { ...ada, sub: "bob" }, false],
      ["nobody, in an id token that is not taken", ada, { iss: ada.iss }, true],
      ["one of another issuer", ada, { ...ada, iss: "https://b.example" }, false],
      ["one who is not named in what cannot be read", ada, undefined, true],
      ["one of whom nothing was known", undefined, ada, true],
    ])("%s", async (_, before, now, isTaken) => {
      const server = await startOddServer(always(200, { ...tokenResponse, id_token: now === undefined ? "e.n.c.r.ypted" : idToken(now) }));
      const previous = readTokenResponse(
        { access_token: "a", refresh_token: "r", id_token: before === undefined ? null : idToken(before) },
        0,
      );
      const given = await call(clientOf(server).refreshToken(), { previous }).catch((error: unknown) => error);
      expect(given instanceof TokenSet).toBe(isTaken);
      if (!isTaken)
        expect([(given as { code: string }).code, String(given).includes("canary")]).toEqual(["ERR_INVALID_TOKEN_RESPONSE", false]);
    });
  });

  it.each([undefined, new TokenSet({ accessToken: "a", tokenType: "Bearer", issuedAt: 0 })])(
    "wants a login when there is no refresh token",
    async (previous) => {
      const server = await startOddServer(always(200, tokenResponse));
      const error = await failureOf(call(clientOf(server).refreshToken(), previous === undefined ? {} : { previous }));
      expect(error).toBeInstanceOf(LoginRequiredError);
      expect(server.received).toEqual([]);
    },
  );

  it("wants a login after invalid_grant, and keeps what the server said", async () => {
    const server = await startOddServer(always(400, { error: "invalid_grant", error_description: "It was revoked." }));
    const error = await failureOf(call(clientOf(server).refreshToken(), { previous: tokenSetWith("r1") }));
    expect(error).toBeInstanceOf(LoginRequiredError);
    expect(error).toMatchObject({ code: "ERR_LOGIN_REQUIRED", error: "invalid_grant", errorDescription: "It was revoked." });
    expect(error.cause).toMatchObject({ outcome: "refused", status: 400 });
  });

  it("wants a login after other codes that were named", async () => {
    const server = await startOddServer(always(200, { ok: false, error: "token_revoked" }));
    const named = clientOf(server, { loginRequiredErrors: ["invalid_code", "token_revoked"] });
    expect(await failureOf(call(named.refreshToken(), { previous: tokenSetWith("r1") }))).toMatchObject({
      code: "ERR_LOGIN_REQUIRED",
      error: "token_revoked",
    });
    expect(await failureOf(call(clientOf(server).refreshToken(), { previous: tokenSetWith("r1") }))).toMatchObject({
      code: "ERR_TOKEN_REQUEST_REFUSED",
    });
  });

  it.each([
    [401, { error: "invalid_client" }, "refused"],
    [400, "", "refused"],
    [500, { error: "invalid_grant" }, "unknown"],
  ])("does not give the session up for %i %j", async (status, body, outcome) => {
    const server = await startOddServer(always(status, body));
    expect(await failureOf(call(clientOf(server).refreshToken(), { previous: tokenSetWith("r1") }))).toMatchObject({
      name: "TokenRequestError",
      outcome,
    });
  });
});

describe("exchangeCode", () => {
  const codeVerifier = "v".repeat(43);

  it("sends the code once and gives a token set (RFC 6749 section 4.1.3, RFC 7636 section 4.5)", async () => {
    const server = await startOddServer(always(200, { ...tokenResponse, refresh_token: "r1", sid: "s" }));
    const before = Date.now();
    const set = await clientOf(server).exchangeCode({
      code: "c",
      redirectUri: "https://app.example/cb?x=1",
      codeVerifier,
      parameters: { tenant: "t" },
    });
    expect(fieldsOf(server.received[0])).toEqual([
      ["client_id", "id"],
      ["code", "c"],
      ["code_verifier", codeVerifier],
      ["grant_type", "authorization_code"],
      ["redirect_uri", "https://app.example/cb?x=1"],
      ["tenant", "t"],
    ]);
    expect(set).toBeInstanceOf(TokenSet);
    expect(set).toMatchObject({ accessToken: "new-access", refreshToken: "r1", tokenType: "Bearer", extra: { sid: "s" } });
    expect(set.expiresAt).toBeGreaterThanOrEqual(before + 600_000);
  });

  it("tells that the code was refused", async () => {
    const server = await startOddServer(always(400, { error: "invalid_grant" }));
    const error = await failureOf(clientOf(server).exchangeCode({ code: "c", redirectUri: "https://app.example/cb" }));
    expect(error).toMatchObject({ name: "TokenRequestError", outcome: "refused", error: "invalid_grant" });
  });

  it.each([
    [{ code: "" }, "exchangeCode.code"],
    [{ redirectUri: undefined }, "exchangeCode.redirectUri"],
    [{ codeVerifier: "short" }, "exchangeCode.codeVerifier"],
    [{ signal: {} }, "exchangeCode.signal"],
    [{ state: "s" }, "exchangeCode.state"],
    [{ scope: "s" }, "exchangeCode.scope"],
    [{ parameters: { code: "other" } }, "exchangeCode.parameters.code"],
  ])("rejects %j", async (wrong, option) => {
    const exchange = { code: "c", redirectUri: "https://app.example/cb", ...wrong } as unknown as Parameters<
      OAuthClient["exchangeCode"]
    >[0];
    const error = await failureOf(clientOf(nowhere).exchangeCode(exchange));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ option });
  });
});

describe("identity", () => {
  it("is the same for the same grant, however it is written", () => {
    const one = clientOf({ tokenEndpoint: "HTTPS://Auth.Example.com:443/oauth/token" });
    const other = clientOf(nowhere);
    expect(one.clientCredentials({ scope: "b a a", resource: ["urn:y", "urn:x"], parameters: { q: "1", p: "2" } }).identity).toBe(
      other.clientCredentials({ scope: ["a", "b"], resource: ["urn:x", "urn:y"], parameters: { p: "2", q: "1" } }).identity,
    );
    expect(other.clientCredentials().identity).toBe(other.clientCredentials({}).identity);
  });

  it("is the same however the server's URL is written (RFC 3986 section 6.2.2; field line 102)", () => {
    const spellings = (path: string): string[] => [
      path,
      path.replaceAll(/%..|[\w~-]/g, (part) => (part.length > 1 ? part : `%${part.charCodeAt(0).toString(16)}`)),
      path.replaceAll("~", "%7E").replaceAll("_", "%5F").replaceAll("-", "%2D"),
      path.replaceAll("ä", "%c3%a4").replaceAll("%2F", "%2f"),
    ];
    const identityOf = (url: string): unknown => clientOf({ tokenEndpoint: url }).refreshToken().identity;
    for (const path of ["~tenant-1/a_b.c", "token?tenant=~a-b_c", "ä%2Fb", "%41%3A%25"]) {
      const identities = spellings(path).map((spelled) => identityOf(`https://auth.example.com/${spelled}`));
      expect([path, new Set(identities).size]).toEqual([path, 1]);
    }
    expect(identityOf("https://auth.example.com/a%2Fb")).not.toBe(identityOf("https://auth.example.com/a/b"));
    expect(identityOf("https://auth.example.com/%257E")).not.toBe(identityOf("https://auth.example.com/~"));
  });

  it("is different for whatever gives different tokens", () => {
    const client = clientOf(nowhere);
    const sources = [
      client.clientCredentials(),
      client.refreshToken(),
      client.clientCredentials({ scope: "a" }),
      client.clientCredentials({ scope: "a b" }),
      client.clientCredentials({ resource: "urn:a" }),
      client.clientCredentials({ audience: "a" }),
      client.clientCredentials({ audience: "urn:a" }),
      client.clientCredentials({ parameters: { a: "" } }),
      clientOf(nowhere, { clientId: "other" }).clientCredentials(),
      clientOf({ tokenEndpoint: "https://auth.example.com/oauth/Token" }).clientCredentials(),
      createOAuthClient({ issuer: nowhere.tokenEndpoint, clientId: "id", clientAuth: noClientAuth() }).clientCredentials(),
    ];
    const identities = sources.map(({ identity }) => identity);
    expect(new Set(identities).size).toBe(sources.length);
    for (const identity of identities) expect(Array.isArray(JSON.parse(identity as string))).toBe(true);
  });
});
