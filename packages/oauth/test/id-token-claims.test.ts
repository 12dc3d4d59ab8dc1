import { TokenSet } from "@tokenflight/core";
import { idTokenClaims } from "@tokenflight/oauth";
import { expect, it } from "vitest";

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const tokenSetWith = (idToken: string | undefined): TokenSet =>
  new TokenSet({ accessToken: "a", tokenType: "Bearer", issuedAt: 0, idToken });

it("gives the claims of the id token, whatever letters are in them", () => {
  const claims = { sub: "Zoë ✓", email: "zoë@example.com", auth_time: 1 };
  expect({ ...idTokenClaims(tokenSetWith(`${encode({ alg: "RS256" })}.${encode(claims)}.signature`)) }).toEqual(claims);
});

it.each([
  ["none", undefined],
  ["no JWT", "opaque"],
  ["an encrypted one", "a.b.c.d.e"],
  ["claims that are a list", `e30.${encode([])}.`],
  ["claims without a user", `e30.${encode({ iss: "https://login.example.com" })}.`],
  ["an empty user, who would be everybody's", `e30.${encode({ sub: "" })}.`],
  ["a user that is no text", `e30.${encode({ sub: 7 })}.`],
])("gives undefined for %s", (_name, idToken) => {
  expect(idTokenClaims(tokenSetWith(idToken))).toBeUndefined();
});
