import { createTokenCache, memoryStore, TokenflightError, type TokenResponse } from "@tokenflight/core";
import { createOAuthClient, noClientAuth } from "@tokenflight/oauth";
import fc from "fast-check";
import { expect, it } from "vitest";

const runs = 200;

/** An id token that names this user of this issuer. Nobody signed it. */
function idTokenOf(sub: string, iss = "https://issuer.example"): string {
  const part = (fields: object): string => Buffer.from(JSON.stringify(fields)).toString("base64url");
  return `${part({ alg: "RS256" })}.${part({ iss, sub, aud: "id", exp: 4_000_000_000, iat: 1_700_000_000 })}.c2ln`;
}

const before: TokenResponse = { access_token: "access-0", refresh_token: "refresh-0", expires_in: 3600, id_token: idTokenOf("ann") };
const foreign = [idTokenOf("bob"), idTokenOf("ann", "https://other.example")];

/** What may stand where something else should. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, "", " ", "none", true, false, 0, -1, 1e308, [], [1], {}, { value: "x" }, "a\r\nb: c", "tökén"),
  fc.string({ maxLength: 20 }),
  fc.double(),
  fc.jsonValue({ maxDepth: 1 }),
);

/** A good value mostly, so that not everything is odd at once. */
const usually = (...good: unknown[]): fc.Arbitrary<unknown> => fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...good) }, odd);

const fields = fc.record({
  access_token: usually("access-1"),
  token_type: usually("Bearer", "bearer", undefined),
  expires_in: usually(3600, "3600", undefined),
  scope: usually("read write", undefined),
  // Any text may be a refresh token, but for one with white space in it: that may be a sentence about the field.
  refresh_token: fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom<unknown>("refresh-1", 'a"quoted\\one', "1/x+y=&z", "ключ", "refresh-0") },
    { weight: 1, arbitrary: fc.constantFrom<unknown>(undefined, null, "", 7, ["refresh-1"]) },
  ),
  id_token: usually(idTokenOf("ann"), undefined, undefined, ...foreign),
  error: fc.oneof(
    { weight: 4, arbitrary: fc.constant<unknown>(undefined) },
    odd,
    fc.constantFrom<unknown>("server_error", "invalid_grant"),
  ),
  expires_at: fc.oneof({ weight: 4, arbitrary: fc.constant<unknown>(undefined) }, odd),
  extra: odd,
});

/** How the fields become an answer. */
const shapes: Readonly<Record<string, (all: object) => string>> = {
  "as they are": (all) => JSON.stringify(all),
  "in an envelope": (all) => JSON.stringify({ ok: true, data: all }),
  "in two envelopes": (all) => JSON.stringify({ status: 0, result: { tokens: all } }),
  "written twice": (all) => JSON.stringify(JSON.stringify(all)),
  "after a byte order mark": (all) => `\uFEFF${JSON.stringify(all)}`,
  "after a warning": (all) => `<b>Deprecated</b>: something in /srv/token.php on line 3\n${JSON.stringify(all)}`,
  "without its end": (all) => JSON.stringify(all).slice(0, -1),
};
const answers = fc.record({
  all: fields,
  shape: fc.constantFrom(...Object.keys(shapes)),
  status: fc.oneof({ weight: 4, arbitrary: fc.constant(200) }, fc.constantFrom(201, 202, 400, 401, 403, 429, 500, 502, 503)),
});

/** Refreshes once with this answer, through a real client and cache. Gives the refresh token that the store holds afterwards. */
async function refreshTokenAfter(body: string, status: number): Promise<{ stored: string | undefined; code: string | undefined }> {
  const fetch = async (): Promise<Response> => new Response(body, { status, headers: { "retry-after": "3600" } });
  const client = createOAuthClient({ tokenEndpoint: "https://issuer.example/token", clientId: "id", clientAuth: noClientAuth(), fetch });
  const memory = memoryStore();
  let entry = "";
  const compareAndSet: typeof memory.compareAndSet = (key, ...change) => memory.compareAndSet((entry = key), ...change);
  const tokens = createTokenCache({ source: client.refreshToken(), store: { ...memory, compareAndSet }, key: "user" });
  const held = await tokens.save(before);
  const code = await tokens.renew(held).then(
    () => undefined,
    (error: unknown) => (TokenflightError.is(error) ? error.code : `untyped: ${String(error)}`),
  );
  const { value = "{}" } = (await memory.read(entry)) ?? {};
  return { stored: (JSON.parse(value) as { tokens?: TokenResponse }).tokens?.refresh_token ?? undefined, code };
}

it(`of ${runs} odd answers with a new refresh token, each has it stored (field lines 99, 100)`, async () => {
  const met = { fresh: 0, foreign: 0, echo: 0, tokens: 0 };
  await fc.assert(
    fc.asyncProperty(answers, async ({ all, shape, status }) => {
      const { refresh_token: given, id_token: idToken, error } = all;
      // JSON has no word for some of the values.
      const { access_token, token_type, expires_in } = JSON.parse(JSON.stringify(all)) as Record<string, unknown>;
      const isBeside = [access_token, token_type, expires_in].some((value) => value !== undefined && value !== null);
      const isRefusal = status >= 300 && error === "invalid_grant";
      // Without an access token beside it, it may be what was sent, in disguise, as soon as anything says that something is wrong.
      const isFine = status < 300 && [undefined, null, "", "none", false].includes(error as string);
      const isPage = status >= 300 && shape === "after a warning";
      const isGiven = !isPage && (access_token === "access-1" || (isFine && isBeside));
      const isFailure = status >= 300 || ["server_error", "invalid_grant", true].includes(error as string);
      const isEcho = isPage || (isFailure && typeof access_token !== "string");
      const isNew = typeof given === "string" && given !== "" && given !== before.refresh_token;
      const isForeign = foreign.includes(idToken as string);
      const { stored, code } = await refreshTokenAfter(shapes[shape]?.(all) ?? "", status);
      expect(code ?? "").not.toContain("untyped");
      met.tokens += code === undefined ? 1 : 0;
      met.foreign += isNew && isForeign ? 1 : 0;
      met.echo += isNew && isEcho ? 1 : 0;
      if (!isNew || isForeign || isRefusal || !isGiven) {
        // Nothing of somebody else's answer is kept.
        expect([before.refresh_token, undefined, ...(isForeign || isEcho ? [] : [given])]).toContain(stored);
        return;
      }
      met.fresh += 1;
      expect(stored).toBe(given);
    }),
    { numRuns: runs },
  );
  process.stdout.write(
    `odd answers: ${runs}, with a new refresh token: ${met.fresh}, stored: ${met.fresh}; somebody else's: ${met.foreign}; echoes: ${met.echo}\n`,
  );
  expect(met.fresh).toBeGreaterThan(runs / 4);
});
