import { expect, it } from "vitest";
import { bareTokenScheme, tokenTypeScheme } from "../src/scheme.ts";
import { readTokenResponse } from "../src/token-response.ts";

const request = { method: "GET", url: "https://api.example.com/" };

it("puts the token on a request after the name of its type", () => {
  expect(tokenTypeScheme(readTokenResponse({ access_token: "a" }, 0), request)).toEqual({ authorization: "Bearer a" });
  expect(tokenTypeScheme(readTokenResponse({ access_token: "a", token_type: "bearer" }, 0), request)).toEqual({
    authorization: "Bearer a",
  });
  expect(tokenTypeScheme(readTokenResponse({ access_token: "a", token_type: "DPoP" }, 0), request)).toEqual({ authorization: "DPoP a" });
});

it("puts a bare token on a request when an API wants it so", () => {
  expect(bareTokenScheme(readTokenResponse({ access_token: "a", token_type: "DPoP" }, 0), request)).toEqual({ authorization: "a" });
});

it("makes the header fields once per token set and lets nobody change them", () => {
  const [one, other] = [readTokenResponse({ access_token: "a" }, 0), readTokenResponse({ access_token: "a" }, 0)];
  const fields = tokenTypeScheme(one, request);
  expect(tokenTypeScheme(one, { method: "POST", url: "https://elsewhere.example/" })).toBe(fields);
  expect(tokenTypeScheme(other, request)).not.toBe(fields);
  expect(Object.isFrozen(fields)).toBe(true);
});
