import { Headers as UndiciHeaders } from "undici";
import { describe, expect, it } from "vitest";
import { CredentialFields } from "../src/request/credential-fields.ts";
import { copyHeaders, hasOwnCredentials, readableHeaders } from "../src/request/fetch/fetch-headers.ts";
import { withFields, withoutFields } from "../src/request/fetch/sent-parts.ts";
import { tokenTypeScheme } from "../src/request/scheme.ts";

const credentials = (placeholder?: unknown): CredentialFields => new CredentialFields(tokenTypeScheme, placeholder);
const entries: [string, string][] = [
  ["X-Custom", "a, b"],
  ["accept", "*/*"],
];
const own: [string, string] = ["AUTHORIZATION", "Bearer mine"];

/** Each form, made of pairs. */
const forms: [string, (pairs: [string, string][]) => HeadersInit][] = [
  ["a record", (pairs) => Object.fromEntries(pairs)],
  ["a record without a prototype", (pairs) => Object.assign(Object.create(null) as object, Object.fromEntries(pairs)) as HeadersInit],
  ["pairs", (pairs) => pairs.map(([name, value]): [string, string] => [name, value])],
  ["Headers", (pairs) => new Headers(pairs)],
  ["undici's Headers", (pairs) => new UndiciHeaders(pairs) as unknown as HeadersInit],
  ["a Map", (pairs) => new Map(pairs) as unknown as HeadersInit],
  ["an iterator", (pairs) => new Map(pairs).entries() as unknown as HeadersInit],
  ["a Set of pairs", (pairs) => new Set(pairs) as unknown as HeadersInit],
];
const read = (headers: HeadersInit | undefined): [string, string][] => [...new Headers(headers).entries()];

describe.each(forms)("%s", (_name, make) => {
  it("is read any number of times", () => {
    const headers = readableHeaders(make(entries));
    expect([read(headers), read(headers)]).toEqual([read(entries), read(entries)]);
  });

  it("shows the caller's own credentials, and a placeholder that is none", () => {
    const headers = (): HeadersInit | undefined => readableHeaders(make([...entries, own]));
    expect(hasOwnCredentials(credentials(), readableHeaders(make(entries)))).toBe(false);
    expect(hasOwnCredentials(credentials(), headers())).toBe(true);
    expect(hasOwnCredentials(credentials("Bearer mine"), headers())).toBe(false);
    expect(hasOwnCredentials(credentials("Bearer other"), headers())).toBe(true);
  });

  it("gets the fields on a copy, in which no placeholder is left", () => {
    const headers = readableHeaders(make([...entries, ["X-Key", "dummy"], own]));
    const before = read(headers);
    const placeholder = { authorization: "Bearer mine", "x-key": "dummy" };
    const sent = withFields(headers, { authorization: "Bearer token" }, credentials(placeholder));
    expect(read(sent)).toEqual(read([...entries, ["authorization", "Bearer token"]]));
    expect(read(headers)).toEqual(before);
  });

  it("is copied, and the copy is as it was", () => {
    const headers = readableHeaders(make(entries));
    const copy = copyHeaders(headers);
    if (Array.isArray(headers)) headers.push(["x-late", "1"]);
    else if (headers !== undefined && "append" in headers) (headers as Headers).append("x-late", "1");
    else (headers as Record<string, string>)["x-late"] = "1";
    expect(read(copy)).toEqual(read(entries));
  });

  it("loses fields of a redirect in a copy", () => {
    const headers = readableHeaders(make(entries)) as HeadersInit;
    expect(read(withoutFields(headers, new Set(["x-custom"])))).toEqual([["accept", "*/*"]]);
    expect(read(headers)).toEqual(read(entries));
  });
});

it("names keep their spelling in records, pairs, and Headers of another fetch (field line 137)", () => {
  for (const headers of [Object.fromEntries(entries), entries]) {
    expect(JSON.stringify(withFields(headers, { authorization: "t" }, credentials()))).toContain('"X-Custom"');
  }
  const undicis = withFields(new UndiciHeaders(entries) as unknown as HeadersInit, { authorization: "t" }, credentials());
  expect(undicis).toBeInstanceOf(UndiciHeaders);
});

it.each([[["alone"]], [[["a", "b", "c"]]], [5], ["text"], [[5]], [new Set(["ab"])]])("%j are none: the platform's error", (given) => {
  const theirs = (() => {
    try {
      return new Headers(given as unknown as HeadersInit);
    } catch (error) {
      return error;
    }
  })();
  if (theirs instanceof TypeError) expect(() => readableHeaders(given as unknown as HeadersInit)).toThrow(TypeError);
  else expect(read(readableHeaders(given as unknown as HeadersInit))).toEqual([...(theirs as Headers).entries()]);
});

it("no headers are none, and get the fields alone", () => {
  expect([readableHeaders(undefined), copyHeaders(undefined)]).toEqual([undefined, undefined]);
  expect(withFields(undefined, { authorization: "t" }, credentials())).toEqual({ authorization: "t" });
});
