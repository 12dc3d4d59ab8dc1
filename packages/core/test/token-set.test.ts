import { format, inspect } from "node:util";
import fc from "fast-check";
import { expect, it } from "vitest";
import { readTokenResponse, TokenSet } from "../src/index.ts";
import "./fixed-seed.ts";

const secrets = { access_token: "canary-access", refresh_token: "canary-refresh", id_token: "canary-id", sid: "canary-sid" };

it("shows no secret to whatever logs, serialises or clones it", () => {
  const tokens = readTokenResponse({ ...secrets, expires_in: 60, scope: "read" }, 0);
  const shown = [
    inspect(tokens, { depth: Infinity, showHidden: true, getters: true }),
    inspect({ tokens }, { showProxy: true }),
    JSON.stringify({ tokens }),
    format("%s %o %O %j", tokens, tokens, tokens, tokens),
    JSON.stringify(structuredClone(tokens)),
    inspect(structuredClone(tokens), { showHidden: true }),
    Object.entries(tokens).join(),
    JSON.stringify({ ...tokens }),
    JSON.stringify(Object.getOwnPropertyDescriptors(tokens)),
    inspect(new Error("failed", { cause: tokens })),
    inspect(Object.assign(new Error("failed"), { tokens }), { getters: true }),
  ].join("\n");
  expect(shown).not.toContain("canary");
  expect(shown).toContain(tokens.fingerprint);
  expect(shown).toContain("1970-01-01T00:01:00.000Z");
  expect(shown).toContain("read");
});

it("gives its secrets to whoever names them", () => {
  const tokens = readTokenResponse(secrets, 0);
  expect([tokens.accessToken, tokens.refreshToken, tokens.idToken, tokens.extra["sid"]]).toEqual(Object.values(secrets));
});

it("has a fingerprint of eight digits that tells access tokens apart", () => {
  const of = (accessToken: string): string => new TokenSet({ accessToken, tokenType: "Bearer", issuedAt: 0 }).fingerprint;
  expect(new Set(Array.from({ length: 1000 }, (_, index) => of(`token-${index}`))).size).toBe(1000);
  fc.assert(fc.property(fc.string({ minLength: 1 }), (text) => /^[0-9a-f]{8}$/.test(of(text)) && of(text) === of(text)));
  expect(of("")).toBe("");
});

it("leaves out of its JSON what it does not know", () => {
  const tokens = new TokenSet({ accessToken: "a", tokenType: "Bearer", issuedAt: 0 });
  expect(tokens.toJSON()).toEqual({ tokenType: "Bearer", fingerprint: tokens.fingerprint });
  expect(Object.keys(tokens.extra)).toEqual([]);
});

it("can be logged even when it was made by hand with an expiry that no Date can show", () => {
  for (const expiresAt of [Infinity, -Infinity, Number.NaN, 1e300]) {
    const tokens = new TokenSet({ accessToken: "a", tokenType: "Bearer", issuedAt: 0, expiresAt });
    expect(() => inspect(tokens)).not.toThrow();
  }
});

it("leaves out of its JSON what the endpoint did not say", () => {
  const json = new TokenSet({ accessToken: "a", tokenType: "Bearer", issuedAt: 0 }).toJSON();
  expect(Object.keys(json)).toEqual(["tokenType", "fingerprint"]);
});
