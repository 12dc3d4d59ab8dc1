import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { InvalidTokenResponseError, TokenRequestError, type TokenSet } from "@tokenflight/core";
import { createOAuthClient, noClientAuth, type OAuthClientOptions } from "@tokenflight/oauth";
import { call, failureOf } from "./call.ts";
import { always, startOddServer } from "./odd-server.ts";

type Answer = Parameters<typeof always>;

async function ask(answer: Answer, options: Partial<OAuthClientOptions> = {}): Promise<TokenSet> {
  const { tokenEndpoint } = await startOddServer(always(...answer));
  return call(createOAuthClient({ tokenEndpoint, clientId: "id", clientAuth: noClientAuth(), ...options }).clientCredentials());
}

const refusal = { error: "invalid_client", error_description: "Unknown client." };

describe("accepts a response", () => {
  const response = { access_token: "a", token_type: "Bearer", expires_in: 60 };

  it.each<[string, Answer]>([
    ["200", [200, response]],
    ["201", [201, response]],
    ["as text/plain", [200, JSON.stringify(response), { "content-type": "text/plain" }]],
    ["as text/html", [200, JSON.stringify(response), { "content-type": "text/html; charset=iso-8859-1" }]],
    ["without a content type, after a byte order mark", [200, `\uFEFF${JSON.stringify(response)}\n`]],
    [
      "form-encoded, as GitHub does",
      [200, "access_token=a&token_type=bearer&expires_in=60&scope=", { "content-type": "application/x-www-form-urlencoded" }],
    ],
    ["in gzip", [200, gzipSync(JSON.stringify(response)), { "content-encoding": "gzip", "content-type": "application/json" }]],
    ["with an error of null", [200, { ...response, error: null, error_description: "" }]],
    ["with a WWW-Authenticate header", [200, response, { "www-authenticate": 'Basic realm="x"' }]],
    ["of type BEARER", [200, { ...response, token_type: "BEARER" }]],
    ["of no type", [200, { access_token: "a", expires_in: 60 }]],
    ["of a type that is no text", [200, { ...response, token_type: ["Bearer"] }]],
    ["with an error that says nothing", [200, { ...response, error: "none" }]],
    ["with an error of false", [200, { ...response, error: false }]],
    ["in JSON that was written twice", [200, JSON.stringify(JSON.stringify(response))]],
    ["of type null", [200, { ...response, token_type: null }]],
    ["with expires_in in digits", [200, { ...response, expires_in: "60" }]],
    ["with nulls and empty strings", [200, { ...response, refresh_token: null, id_token: "", scope: null }]],
    ["with a duplicate key, of which the last stands", [200, '{"access_token":"b","access_token":"a","expires_in":60}']],
    // How many seconds it has been a certain time elsewhere is nobody's business.
    ["with the server's own times", [200, { ...response, issued_at: 1_000_000_000, expires_at: 1_000_000_060 }]],
  ])("%s", async (_, answer) => {
    const set = await ask(answer);
    expect(set).toMatchObject({
      accessToken: "a",
      tokenType: "Bearer",
      expiresAt: 60_000,
      issuedAt: 0,
      refreshToken: undefined,
      scope: undefined,
    });
  });

  it.each([-1, 0, "0", "soon", "", null, [], {}])(
    "of an end that expires_at names beside an expires_in of %j (field line 99)",
    async (odd) => {
      expect((await ask([200, { access_token: "a", expires_in: odd, expires_at: 4_000_000_000 }])).expiresAt).toBe(4_000_000_000_000);
    },
  );

  const lifetimeNames = ["expires_in", "expiresIn", "expires_in_sec"];
  const unreadable = ["1,800", "1h30m", "3600abc", "7 weeks", "3.6e3", "+3600", "PT1H", "2030-12-01T00:00:00Z", [3600], { s: 1 }, true];

  it.each(lifetimeNames)("of an end that expires_at names beside a lifetime in %s that cannot be read (field line 99)", async (name) => {
    for (const odd of unreadable) {
      const { expiresAt } = await ask([200, { access_token: "a", [name]: odd, expires_at: 4_000_000_000 }]);
      expect([odd, expiresAt]).toEqual([odd, 4_000_000_000_000]);
    }
  });

  it.each(lifetimeNames)("of a lifetime that %s names, by whichever clock the server has", async (name) => {
    for (const lifetime of [60, "60", " 60 ", "60s", "1 min", "60.0"]) {
      for (const end of [1_000_000_060, 4_000_000_000, "2030-12-01T00:00:00Z"]) {
        const { expiresAt } = await ask([200, { access_token: "a", [name]: lifetime, expires_at: end }]);
        expect([lifetime, end, expiresAt]).toEqual([lifetime, end, 60_000]);
      }
    }
  });

  it("of an end that only expires_at names", async () => {
    expect((await ask([200, { access_token: "a", expires_at: 90 }])).expiresAt).toBe(90_000);
  });

  it.each([null, "", "soon"])("of unknown lifetime with expires_in %j", async (expires_in) => {
    expect((await ask([200, { access_token: "a", expires_in }])).expiresAt).toBeUndefined();
  });

  it("of a type that was named, in any case", async () => {
    expect((await ask([200, { access_token: "a", token_type: "n_a" }], { tokenTypes: ["N_A", "JWT"] })).tokenType).toBe("n_a");
  });

  it("keeps further fields, and hostile names change nothing", async () => {
    const set = await ask([
      200,
      '{"access_token":"a","sid":"s","__proto__":{"polluted":true},"constructor":1,"hasOwnProperty":2,"toString":null}',
    ]);
    expect(set.extra).toMatchObject({ sid: "s", constructor: 1 });
    expect(Object.getOwnPropertyNames(set.extra)).toContain("__proto__");
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect((set.extra as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("takes no field from a prototype", async () => {
    await expect(ask([200, '{"__proto__":{"access_token":"a"}}'])).rejects.toBeInstanceOf(InvalidTokenResponseError);
    const form = await ask([200, "access_token=a&__proto__=b&error_description=c"]);
    expect(form.accessToken).toBe("a");
  });
});

describe("keeps the error of", () => {
  const invalidClient = {
    outcome: "refused",
    error: "invalid_client",
    errorDescription: "Unknown client.",
    code: "ERR_TOKEN_REQUEST_REFUSED",
  };

  it.each<[string, Answer, object]>([
    ["400 in JSON", [400, refusal], { ...invalidClient, status: 400 }],
    [
      "401 with WWW-Authenticate",
      [401, refusal, { "www-authenticate": 'Basic realm="x", error="other"' }],
      { ...invalidClient, status: 401 },
    ],
    ["400 with WWW-Authenticate", [400, refusal, { "www-authenticate": "Bearer" }], { ...invalidClient, status: 400 }],
    ["400 as text/plain", [400, JSON.stringify(refusal), { "content-type": "text/plain" }], { ...invalidClient, status: 400 }],
    ["400 as HTML that is JSON", [400, JSON.stringify(refusal), { "content-type": "text/html" }], { ...invalidClient, status: 400 }],
    ["400 form-encoded", [400, "error=invalid_client&error_description=Unknown+client."], { ...invalidClient, status: 400 }],
    ["200 in JSON", [200, refusal], { ...invalidClient, status: 200 }],
    ["200 form-encoded", [200, "error=invalid_client&error_description=Unknown+client.&error_uri=x"], { ...invalidClient, status: 200 }],
    ["200 beside tokens", [200, { ...refusal, access_token: "a" }], { ...invalidClient, status: 200 }],
    ["500 in JSON", [500, refusal], { outcome: "unknown", status: 500, error: "invalid_client" }],
    ["502 with Retry-After", [502, "", { "retry-after": "7" }], { outcome: "unknown", status: 502, retryAfter: 7000 }],
    [
      "503 in JSON",
      [503, { error: "temporarily_unavailable" }, { "retry-after": "2" }],
      { outcome: "throttled", error: "temporarily_unavailable", retryAfter: 2000 },
    ],
    [
      "401 in a challenge alone",
      [401, "", { "www-authenticate": 'Bearer realm="x", error="invalid_client"' }],
      { outcome: "refused", error: "invalid_client" },
    ],
  ])("%s", async (_, answer, expected) => {
    const error = await failureOf(ask(answer));
    expect(error).toBeInstanceOf(TokenRequestError);
    expect(error).toMatchObject(expected);
    expect(error.message).toMatch(/^The token endpoint 127\.0\.0\.1:\d+ answered \d{3}(, [a-z_]+(: Unknown client\.)?)?\.+$/);
  });
});

describe("makes a typed error of", () => {
  it.each<[string, Answer, object]>([
    [
      "400 with an HTML page",
      [400, "<html>error=1</html>", { "content-type": "text/html" }],
      { outcome: "refused", status: 400, error: undefined },
    ],
    ["400 with an empty body", [400, ""], { outcome: "refused", status: 400, error: undefined }],
    ["400 with an error that is no text", [400, { error: { code: 1 } }], { outcome: "refused", status: 400, error: undefined }],
    ["400 with null", [400, "null"], { outcome: "refused", status: 400 }],
    ["404", [404, "Not found"], { outcome: "refused", status: 404 }],
    ["429", [429, ""], { outcome: "throttled", status: 429, retryAfter: undefined }],
    ["500", [500, "<h1>Oops</h1>"], { outcome: "unknown", status: 500 }],
    ["502", [502, "<h1>Bad gateway</h1>"], { outcome: "unknown", status: 502 }],
    ["503", [503, ""], { outcome: "throttled", status: 503 }],
    ["504", [504, ""], { outcome: "unknown", status: 504 }],
    ["an empty 200", [200, ""], { outcome: "unknown", status: 200, message: expect.stringContaining("the body is empty") }],
    ["204", [204, ""], { outcome: "unknown", status: 204 }],
    [
      "an HTML page with 200",
      [200, "<html><a href='/?access_token=a'></a></html>"],
      { outcome: "unknown", message: expect.stringContaining("neither a JSON object nor") },
    ],
    ["half a JSON object", [200, '{"access_token":"canary'], { outcome: "unknown", status: 200 }],
    ["a JSON array", [200, [{ access_token: "canary" }]], { outcome: "unknown", status: 200 }],
    ["a JSON string", [200, '"canary"'], { outcome: "unknown", status: 200 }],
    [
      "JSON too deep to be stored",
      [200, `{"access_token":"canary","x":${"[".repeat(9000)}${"]".repeat(9000)}}`],
      { outcome: "unknown", status: 200 },
    ],
  ])("%s", async (_, answer, expected) => {
    const error = await failureOf(ask(answer));
    expect(error).toBeInstanceOf(TokenRequestError);
    expect(error).toMatchObject(expected);
    expect(error.message).not.toContain("canary");
  });

  it.each([
    ["no access token", {}],
    ["an access token of null", { access_token: null }],
    ["an access token that is no text", { access_token: { toString: "canary" } }],
    ["a line break in a token", { access_token: "canary\r\nx: y" }],
    ["another token type", { access_token: "canary", token_type: "mac" }],
    ["a token in place of its type", { access_token: "canary", token_type: "canary" }],
  ])("%s", async (_, answer) => {
    const error = await failureOf(ask([200, answer]));
    expect(error).toBeInstanceOf(InvalidTokenResponseError);
    expect(error.message).not.toContain("canary");
  });

  it("another token type, and says which option takes it", async () => {
    const { message } = await failureOf(ask([200, { access_token: "a", token_type: "N_A" }]));
    expect(message).toBe('The token endpoint gave a token of type "N_A"; expected Bearer, or a type that the option tokenTypes names.');
  });
});

describe("reads Retry-After", () => {
  const date = "Tue, 20 Oct 2015 07:28:00 GMT";

  it.each([
    ["5", 5000],
    ["0", 0],
    [" 1.5 ", 1500],
    ["9".repeat(400), 3_600_000],
    ["Tue, 20 Oct 2015 07:28:30 GMT", 30_000],
    ["Tuesday, 20-Oct-15 07:28:30 GMT", 30_000],
    ["Tue, 20 Oct 2015 07:27:00 GMT", 0],
    ["Wed, 21 Oct 2026 07:28:00 GMT", 3_600_000],
    ["-5", undefined],
    ["soon", undefined],
    ["", undefined],
    ["1e9", undefined],
  ])("%j", async (header, retryAfter) => {
    // A date counts from the server's own.
    expect(await failureOf(ask([429, "", { "retry-after": header, date }]))).toMatchObject({ outcome: "throttled", retryAfter });
  });
});

describe("cleans and cuts what the server says", () => {
  it("to the characters of RFC 6749 section 5.2, in one line", async () => {
    const error = await failureOf(
      ask([400, { error: 'in"valid\nx', error_description: 'Der "Schlüssel"\r\n\tist \\ ungültig \u0000\u001b[31m🔑.' }]),
    );
    expect(error).toMatchObject({ error: "in'valid x", errorDescription: "Der 'Schl?ssel' ist ? ung?ltig ??[31m?." });
  });

  it("to 64 and 300 characters", async () => {
    const error = await failureOf(ask([400, { error: "e".repeat(5000), error_description: "d".repeat(5000) }]));
    expect(error).toMatchObject({ error: "e".repeat(64), errorDescription: "d".repeat(300) });
    expect(error.message.length).toBeLessThan(450);
  });

  it("and reads at most 4 KB of a header, in no time", async () => {
    const challenges = Array.from({ length: 1000 }, (_, index) => `S${index} a="b"`).join(", ");
    const before = performance.now();
    const error = await failureOf(ask([401, "", { "www-authenticate": `${challenges}, Bearer error="invalid_token"` }]));
    expect(error).toMatchObject({ outcome: "refused", status: 401, error: undefined });
    expect(performance.now() - before).toBeLessThan(1000);
  });
});
