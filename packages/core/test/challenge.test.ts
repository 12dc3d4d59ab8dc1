import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isAboutTheToken, readChallenges } from "../src/request/refusal/challenge.ts";
import "./fixed-seed.ts";

function read(header: string): [string, Record<string, string>][] {
  return readChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
}

describe("a WWW-Authenticate header", () => {
  it.each<[string, [string, Record<string, string>][]]>([
    ["Bearer", [["bearer", {}]]],
    ['Bearer realm="api"', [["bearer", { realm: "api" }]]],
    ['BEARER Realm="api", ERROR="invalid_token"', [["bearer", { realm: "api", error: "invalid_token" }]]],
    ["Bearer error=invalid_token", [["bearer", { error: "invalid_token" }]]],
    ['Bearer realm="api" error="invalid_token"', [["bearer", { realm: "api", error: "invalid_token" }]]],
    ['Bearer realm = "api" ,\terror\t=\tinvalid_token', [["bearer", { realm: "api", error: "invalid_token" }]]],
    ['Basic realm="a", Bearer error="invalid_token"', [["basic", { realm: "a" }], ["bearer", { error: "invalid_token" }]]],
    ["Negotiate, Basic realm=a", [["negotiate", {}], ["basic", { realm: "a" }]]],
    ["Negotiate YWJj==, Bearer", [["negotiate", {}], ["bearer", {}]]],
    ["Negotiate YWJj", [["negotiate", {}]]],
    [",, Bearer ,, Basic ,", [["bearer", {}], ["basic", {}]]],
    ['Bearer realm="say \\"hi\\", Basic x=\\\\", error="e"', [["bearer", { realm: 'say "hi", Basic x=\\', error: "e" }]]],
    ['Bearer realm="Basic realm=x, Digest"', [["bearer", { realm: "Basic realm=x, Digest" }]]],
    ['Bearer realm=""', [["bearer", { realm: "" }]]],
    ['Bearer error="first", error="second", Error=third', [["bearer", { error: "first" }]]],
    ['Bearer __proto__="x", constructor=y', [["bearer", { ["__proto__"]: "x", constructor: "y" }]]],
    ["DPoP algs=\"ES256 PS256\", error=use_dpop_nonce", [["dpop", { algs: "ES256 PS256", error: "use_dpop_nonce" }]]],
    ["", []],
    ["   ", []],
    [",", []],
  ])("%j is read", (header, expected) => {
    expect(read(header)).toEqual(expected);
  }); // prettier-ignore

  it.each<[string, [string, Record<string, string>][]]>([
    ['="api"', []],
    ['"Bearer"', []],
    ["(Bearer)", []],
    ["Beärer", []],
    ['Bearer realm="never closed', [["bearer", {}]]],
    ['Bearer realm="a"error="b"', [["bearer", {}]]],
    ['Bearer realm="a", error="never closed', [["bearer", { realm: "a" }]]],
    ['Bearer realm="ends in a backslash\\', [["bearer", {}]]],
    ["Bearer =, Basic", [["bearer", {}]]],
    ["Bearer realm=a=b", [["bearer", {}]]],
  ])("%j counts as far as it can be read", (header, expected) => {
    expect(read(header)).toEqual(expected);
  });

  it("is read up to 4 KB", () => {
    expect(read(`Bearer realm="${"x".repeat(5000)}"`)).toEqual([["bearer", {}]]);
    expect(read(`Basic realm="${"x".repeat(3000)}", ${" ".repeat(2000)}Bearer`)).toHaveLength(1);
  });

  it("never makes the reader throw, and every name is in lower case", () => {
    const piece = fc.constantFrom(
      "Bearer",
      "Basic",
      " ",
      ",",
      "=",
      '"',
      "\\",
      "\t",
      "realm",
      "error",
      "invalid_token",
      "==",
      "~",
      "\0",
      "é",
      "\n",
      "x",
    );
    const header = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join("")),
    );
    fc.assert(
      fc.property(header, (text) => {
        for (const { scheme, parameters } of readChallenges(text)) {
          expect(scheme).toMatch(/^[^\sA-Z,="]+$/);
          for (const name of parameters.keys()) expect(name).toBe(name.toLowerCase());
        }
        expect(isAboutTheToken(text)).toBeTypeOf("boolean");
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ["1,500 schemes in 15 KB", "Scheme123, ".repeat(1500)],
    ["schemes without commas", "Scheme ".repeat(2000)],
    ["commas", ",".repeat(15_000)],
    ["spaces", `Bearer${" ".repeat(15_000)}`],
    ["spaces before a broken parameter", `Bearer a${" ".repeat(15_000)};`],
    ["one long name", "a".repeat(15_000)],
    ["names and spaces", "a ".repeat(7500)],
    ["equals signs", `Bearer ${"=".repeat(15_000)}`],
    ["token68 with a long end", `Bearer a${"=".repeat(15_000)};`],
    ["an open quote", `Bearer a="${"\\a".repeat(7500)}`],
    ["many open quotes", `Bearer ${'a="'.repeat(5000)}`],
    ["backslashes", `Bearer a="${"\\".repeat(15_000)}"`],
    ["parameters without end", `Bearer ${"a=b,".repeat(4000)}`],
  ])("of %s is read in no time", (_, header) => {
    const started = performance.now();
    for (let times = 0; times < 20; times += 1) readChallenges(header);
    // A quadratic reader needs hundreds of milliseconds for one of them; a linear one far less than one.
    expect((performance.now() - started) / 20).toBeLessThan(25);
  });
});

describe("a 401 (field line 117)", () => {
  it.each([
    undefined,
    null,
    "",
    "(nonsense",
    "nonsense (",
    '="x"',
    "Bearer",
    'Bearer realm="x"',
    'Bearer error="invalid_token"',
    'Bearer error=invalid_token, error_description="it\'s over"',
    'Basic realm="x", Bearer error="invalid_token"',
    'DPoP error="invalid_token", algs="ES256"',
    `Bearer realm="${"x".repeat(5000)}"`,
    // A scheme that is not the one of the token: many APIs name any.
    'Basic realm="x"',
    "Negotiate",
    "Digest realm=x, nonce=y",
    "JWT",
    'ApiKey realm="x"',
    'DPoP error="use_dpop_nonce"',
    'Basic realm="Bearer error=insufficient_scope"',
    'Bearer error="insufficient_scopes"',
    'Bearer scope="insufficient_scope"',
  ])("with WWW-Authenticate %j is about the token", (header) => {
    expect(isAboutTheToken(header)).toBe(true);
  });

  it.each([
    'Bearer error="insufficient_scope"',
    "bearer ERROR=insufficient_scope",
    'Bearer error="invalid_request"',
    'Bearer error="insufficient_user_authentication", acr_values="x"',
    'DPoP algs="ES256", error="insufficient_scope"',
    'Basic realm="x", JWT error="invalid_request"',
    'Bearer error="insufficient_scope", Bearer error="invalid_token"',
  ])("with WWW-Authenticate %j says that another token is no use", (header) => {
    expect(isAboutTheToken(header)).toBe(false);
  });
});
