import { createHash, createHmac, generateKeyPairSync } from "node:crypto";
import { inspect } from "node:util";
import { LoginError, type PendingLogin } from "@tokenflight/oauth";
import { describe, expect, it } from "vitest";
import { IdTokenIssuer } from "../servers/id-token.ts";
import { startLoginService, type Mischief } from "./login-service.ts";

let refusals = 0;

/** The error of what has to be refused, which is counted. */
async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => new Error("It was expected to fail."),
    (error: unknown) => {
      refusals += 1;
      return error;
    },
  );
}

it("an honest callback logs in", async () => {
  const { client, begin, spent } = await startLoginService();
  const { url, pending, callback } = await begin();
  const query = new URL(url).searchParams;
  expect(query.get("code_challenge")).toBe(createHash("sha256").update(pending.codeVerifier).digest("base64url"));
  expect(Object.fromEntries(query)).toMatchObject({
    response_type: "code",
    client_id: "app",
    redirect_uri: "https://app.example/callback",
    code_challenge_method: "S256",
    scope: "openid read",
    state: pending.state,
    nonce: pending.nonce,
  });
  expect((await client.exchangeCallback(callback, pending)).accessToken).toBe("access");
  expect(spent).toEqual(["code-1"]);
});

describe("a callback is refused, and no code is spent:", () => {
  const change = (name: string, value: string | undefined) => (callback: URL) =>
    value === undefined ? callback.searchParams.delete(name) : callback.searchParams.set(name, value);
  const twice = (name: string) => (callback: URL) => callback.searchParams.append(name, callback.searchParams.get(name) ?? "");

  it.each<[string, (callback: URL) => void, string]>([
    ["without a state", change("state", undefined), "callback"],
    ["with an empty state", change("state", ""), "callback"],
    ["with another state", change("state", "x".repeat(43)), "callback"],
    ["with the beginning of the state", (url) => change("state", url.searchParams.get("state")?.slice(0, -1))(url), "callback"],
    ["with two states", twice("state"), "callback"],
    ["with two codes", twice("code"), "callback"],
    ["with two issuers", twice("iss"), "callback"],
    ["without an issuer, though the server always names it", change("iss", undefined), "callback"],
    ["from another issuer", change("iss", "https://evil.example"), "callback"],
    ["from an issuer that looks alike", (url) => change("iss", `${url.searchParams.get("iss")}/`)(url), "callback"],
    ["without a code", change("code", undefined), "callback"],
    ["with an empty code", change("code", ""), "callback"],
    ["with a code of 20 KB", change("code", "c".repeat(20_000)), "callback"],
    ["with an access token of the implicit flow", change("access_token", "stolen"), "callback"],
    ["with an id token of the hybrid flow", change("id_token", "e30.e30."), "callback"],
    ["with a signed response that nobody asked for", change("response", "e30.e30."), "callback"],
    ["with everything in the fragment", (url) => ((url.hash = url.search.slice(1)), (url.search = "")), "callback"],
    ["with an error", change("error", "access_denied"), "refused"],
    ["with an error beside a code", change("error", "server_error"), "refused"],
  ])("%s", async (_, spoil, reason) => {
    const { client, begin, spent } = await startLoginService();
    const { pending, callback } = await begin();
    spoil(callback);
    const error = await failureOf(client.exchangeCallback(callback, pending));
    expect(error).toBeInstanceOf(LoginError);
    expect(error).toMatchObject({ code: "ERR_LOGIN_FAILED", reason });
    expect(inspect(error)).not.toContain(pending.state);
    expect(spent).toEqual([]);
  });

  it("of another login", async () => {
    const { client, begin, spent } = await startLoginService();
    const mine = await begin();
    const other = await begin();
    expect(await failureOf(client.exchangeCallback(other.callback, mine.pending))).toMatchObject({ reason: "callback" });
    expect(spent).toEqual([]);
    // Somebody else's callback has not used mine up.
    expect((await client.exchangeCallback(other.callback, other.pending)).accessToken).toBe("access");
  });

  it("the second time, also while the first one is under way", async () => {
    const { client, begin, spent } = await startLoginService();
    const { pending, callback } = await begin();
    const both = await Promise.allSettled([client.exchangeCallback(callback, pending), client.exchangeCallback(callback, { ...pending })]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(await failureOf(client.exchangeCallback(callback, pending))).toMatchObject({ reason: "used" });
    expect(spent).toEqual(["code-1"]);
  });

  it("with an error, after which the user may still think better of it", async () => {
    const { client, begin, spent } = await startLoginService();
    const { pending, callback } = await begin();
    const refused = new URL(callback);
    refused.searchParams.set("error", "access_denied");
    expect(await failureOf(client.exchangeCallback(refused, pending))).toMatchObject({ reason: "refused" });
    expect(spent).toEqual([]);
    expect((await client.exchangeCallback(callback, pending)).accessToken).toBe("access");
  });

  it("when its time is over", async () => {
    const { client, begin, spent } = await startLoginService();
    const { pending, callback } = await begin();
    const old = { ...pending, expiresAt: Date.now() - 1 };
    expect(await failureOf(client.exchangeCallback(callback, old))).toMatchObject({ reason: "expired" });
    expect(spent).toEqual([]);
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["text", "pending"],
    ["no state", { state: "" }],
    ["no verifier", { codeVerifier: undefined }],
    ["no nonce", { nonce: 1 }],
    ["no end", { expiresAt: "soon" }],
  ])("with a session with %s in it", async (_, wrong) => {
    const { client, begin, spent } = await startLoginService();
    const { pending, callback } = await begin();
    const kept = typeof wrong === "object" ? { ...pending, ...wrong } : wrong;
    const error = await failureOf(client.exchangeCallback(callback, kept as PendingLogin));
    expect(error).toMatchObject({ code: "ERR_INVALID_OPTION" });
    expect(inspect(error)).not.toContain(pending.codeVerifier);
    expect(spent).toEqual([]);
  });
});

it("an error's words are cut, and nothing in them makes a terminal or a page act", async () => {
  const { client, begin } = await startLoginService();
  const { pending, callback } = await begin();
  callback.searchParams.set("error", 'access_denied"\u001B[31m\n<script>');
  callback.searchParams.set("error_description", `\u0000${"d".repeat(1000)}`);
  const error = (await failureOf(client.exchangeCallback(callback, pending))) as LoginError;
  expect(error.error).toBe("access_denied'?[31m <script>");
  expect(error.errorDescription).toHaveLength(300);
  expect(error.message).toMatch(/^[ -~]+$/);
});

describe("an id token is refused, and nobody gets the tokens:", () => {
  const claims = (changes: object) => (issuer: IdTokenIssuer, honest: Parameters<IdTokenIssuer["issue"]>[0]) =>
    issuer.issue({ ...honest, ...changes });
  const parts = (token: string): [string, string, string] => token.split(".") as [string, string, string];
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const decode = (part: string): object => JSON.parse(Buffer.from(part, "base64url").toString()) as object;

  it.each<[string, Mischief["idToken"]]>([
    ["none though openid was asked for", () => undefined],
    ["one that is empty", () => ""],
    ["one that is no token", () => "x.y"],
    ["of another issuer", (_, honest) => new IdTokenIssuer("https://evil.example").issue(honest)],
    ["signed with another key", ({ issuer }, honest) => new IdTokenIssuer(issuer).issue(honest)],
    ["for another client", claims({ audience: "other-app" })],
    ["of another login", claims({ nonce: "n".repeat(43) })],
    ["without a nonce", claims({ nonce: undefined })],
    ["that is over", claims({ lifetime: -3600 })],
    [
      "whose claims were changed afterwards",
      (issuer, honest) => {
        const [head, body, signature] = parts(issuer.issue(honest));
        return `${head}.${encode({ ...decode(body), sub: "admin" })}.${signature}`;
      },
    ],
    ["that is not signed", (issuer, honest) => `${encode({ alg: "none" })}.${parts(issuer.issue(honest))[1]}.`],
    [
      "signed with the public key as if it were a secret",
      (issuer, honest) => {
        const signed = `${encode({ alg: "HS256" })}.${parts(issuer.issue(honest))[1]}`;
        return `${signed}.${createHmac("sha256", JSON.stringify(issuer.jwks.keys[0])).update(signed).digest("base64url")}`;
      },
    ],
    ["with a signature that was cut off", (issuer, honest) => issuer.issue(honest).slice(0, -10)],
  ])("%s", async (_, idToken) => {
    const { client, begin } = await startLoginService(idToken === undefined ? {} : { idToken });
    const { pending, callback } = await begin();
    const error = await failureOf(client.exchangeCallback(callback, pending));
    expect(error).toMatchObject({ code: "ERR_LOGIN_FAILED", reason: "id-token" });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/\.ey|refresh/);
  });

  it.each<[string, Mischief["jwks"]]>([
    ["no keys", () => ({ keys: [] })],
    ["something else", () => "keys"],
    ["a megabyte", () => ({ keys: [{ kty: "EC", n: "x".repeat(1_000_000) }] })],
    ["a key of another kind", () => ({ keys: [generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" })] })],
  ])("when the key set has %s", async (_, jwks) => {
    const { client, begin } = await startLoginService(jwks === undefined ? {} : { jwks });
    const { pending, callback } = await begin();
    expect(await failureOf(client.exchangeCallback(callback, pending))).toMatchObject({ reason: "id-token" });
  });
});

describe("no login begins with an authorization endpoint", () => {
  it.each([
    "javascript:alert(1)",
    "file:///etc/passwd",
    "file://server/share/calc.exe",
    "\\\\server\\share\\calc.exe",
    "--version",
    "-a Calculator",
    "calc.exe",
    "; rm -rf ~",
    "$(touch /tmp/owned)",
    "ms-msdt:/id PCWDiagnostic",
    "vscode://file/etc/passwd",
    "data:text/html,<script>1</script>",
    "http://auth.example.com/authorize",
    "https://user:password@auth.example.com/authorize",
    "",
    7,
    null,
  ])("%j", async (endpoint) => {
    const { begin } = await startLoginService({ metadata: { authorization_endpoint: endpoint } });
    expect(await failureOf(begin())).toMatchObject({ name: "TokenRequestError", outcome: "not-sent" });
  });
});

it.each(["state", "nonce", "request", "request_uri", "response_mode", "response_type", "code_challenge", "redirect_uri", "client_id"])(
  "nobody sets the parameter %s by hand",
  async (name) => {
    const { client } = await startLoginService();
    const request = { redirectUri: "https://app.example/callback", parameters: { [name]: "x" } };
    expect(await failureOf(client.authorizationUrl(request))).toMatchObject({ code: "ERR_INVALID_OPTION" });
  },
);

it("a server that would rather have the challenge in plain gets S256 all the same", async () => {
  const { begin } = await startLoginService({ metadata: { code_challenge_methods_supported: ["plain"] } });
  const { url, pending } = await begin();
  expect(new URL(url).searchParams.get("code_challenge_method")).toBe("S256");
  expect(url).not.toContain(pending.codeVerifier);
});

it("are at least 30 that were refused", () => {
  process.stdout.write(`hostile logins: ${refusals} were refused\n`);
  expect(refusals).toBeGreaterThanOrEqual(30);
});
