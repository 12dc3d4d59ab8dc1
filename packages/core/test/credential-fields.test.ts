import { describe, expect, it } from "vitest";
import { InvalidOptionError } from "../src/errors/tokenflight-error.ts";
import { CredentialFields } from "../src/request/credential-fields.ts";
import { tokenTypeScheme, type AuthorizationScheme } from "../src/request/scheme.ts";

const keyScheme = (fields?: readonly string[]): AuthorizationScheme =>
  Object.assign(() => ({ "x-api-key": "t" }), fields === undefined ? {} : { fields });

describe("the fields of a scheme", () => {
  it.each([
    ["authorization", "Bearer mine", true],
    ["AUTHORIZATION", "", true],
    ["Authorization", undefined, true],
    ["authorisation", "Bearer mine", false],
    ["x-authorization", "Bearer mine", false],
    ["proxy-authorization", "Basic a", false],
    ["", "x", false],
  ])("%j: %j of the caller's is a credential: %s", (name, value, isOwn) => {
    const fields = new CredentialFields(tokenTypeScheme, undefined);
    expect([fields.isOwn(name, value), fields.areOwn({ accept: "*/*", [name]: value })]).toEqual([isOwn, isOwn]);
  });

  it("are authorization until the first ones have shown others, and each kind is learnt once", () => {
    const fields = new CredentialFields(keyScheme(), undefined);
    expect(fields.names).toEqual(["authorization"]);
    expect(fields.learn({ "x-api-key": "t" })).toBe(true);
    expect(fields.learn({ "x-other": "t" })).toBe(false);
    expect([fields.isOwn("X-Api-Key", "mine"), fields.isOwn("authorization", "mine")]).toEqual([true, false]);
    expect(new CredentialFields(keyScheme(), undefined).learn({ authorization: "t" })).toBe(false);
  });

  it("that the scheme names are known at once", () => {
    const fields = new CredentialFields(keyScheme(["X-Api-Key", "X-Tenant"]), undefined);
    expect(fields.names).toEqual(["x-api-key", "x-tenant"]);
    expect(fields.learn({ "x-other": "t" })).toBe(false);
  });

  it.each([["x-api-key"], [["x y"]], [[5]], [["a:"]]] as unknown[][])("are refused as %j", (given) => {
    const make = (): unknown => new CredentialFields(keyScheme(given as unknown as string[]), undefined);
    if (Array.isArray(given)) expect(make).toThrow(InvalidOptionError);
  });

  it("are read as an own property only", () => {
    const scheme = Object.setPrototypeOf(() => ({}), { fields: ["x-inherited"] }) as AuthorizationScheme;
    expect(new CredentialFields(scheme, undefined).names).toEqual(["authorization"]);
  });
});

describe("a placeholder (field line 128)", () => {
  it("that is a value counts as none in the fields of the scheme, and exactly", () => {
    const fields = new CredentialFields(tokenTypeScheme, "Bearer tokenflight");
    expect(fields.hasPlaceholder).toBe(true);
    expect([...fields.placeholderNames]).toEqual(["authorization"]);
    expect(fields.isOwn("Authorization", "Bearer tokenflight")).toBe(false);
    for (const other of ["bearer tokenflight", "Bearer tokenflight ", "Bearer tokenflight2", ["Bearer tokenflight"], undefined])
      expect(fields.isOwn("Authorization", other)).toBe(true);
    expect(fields.isPlaceholder("x-other", "Bearer tokenflight")).toBe(false);
  });

  it("that is fields counts as none in these, and the scheme's own fields stay credentials", () => {
    const fields = new CredentialFields(tokenTypeScheme, { "X-Api-Key": "tokenflight", authorization: "Bearer x" });
    expect([...fields.placeholderNames]).toEqual(["x-api-key", "authorization"]);
    expect([fields.isPlaceholder("x-API-key", "tokenflight"), fields.isPlaceholder("x-api-key", "mine")]).toEqual([true, false]);
    expect([fields.isOwn("authorization", "Bearer x"), fields.isOwn("authorization", "tokenflight")]).toEqual([false, true]);
    expect(fields.isPlaceholder("x-missing", undefined)).toBe(false);
  });

  it("is none without one", () => {
    const fields = new CredentialFields(tokenTypeScheme, undefined);
    expect([fields.hasPlaceholder, [...fields.placeholderNames], fields.isPlaceholder("authorization", undefined)]).toEqual([
      false,
      [],
      false,
    ]);
  });

  it.each(["", {}, { "x-api-key": "" }, { "x y": "a" }, { "": "a" }, [], 5, null])("is not %j", (placeholder) => {
    expect(() => new CredentialFields(tokenTypeScheme, placeholder)).toThrow(InvalidOptionError);
  });

  it("never shows its value in an error", () => {
    const make = (): unknown => new CredentialFields(tokenTypeScheme, { "x y": "secret-placeholder" });
    expect(make).toThrow(/^placeholder: expected (?!.*secret)/);
  });
});
