import fc from "fast-check";
import { expect, it } from "vitest";
import { InvalidOptionError } from "../src/errors/tokenflight-error.ts";
import { kindOf, readOptions, requireFunction, requireOneOf, requireSeconds, requireText, requireTimeout } from "../src/options.ts";
import "./fixed-seed.ts";

it.each([
  [undefined, "nothing"],
  [null, "null"],
  ["", "an empty string"],
  ["canary", "a string of 6 characters"],
  [5, "5"],
  [Number.NaN, "NaN"],
  [false, "false"],
  [[], "an empty array"],
  [["canary"], "an array of 1"],
  [{ canary: 1 }, "an object"],
  [() => "canary", "a function"],
  [5n, "a bigint"],
  [Symbol("canary"), "a symbol"],
])("says of %s that it is %s", (value, kind) => {
  expect(kindOf(value)).toBe(kind);
});

it("never shows the text that a value holds", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 3, unit: fc.constantFrom("q", "z", "_") }), (text) => {
      for (const value of [text, [text], { [text]: text }, new Error(text), Symbol(text)]) expect(kindOf(value)).not.toContain(text);
    }),
  );
});

it("reads own options only, and leaves out those that are undefined", () => {
  const inherited = Object.assign(Object.create({ ahead: 5 }) as { ahead?: number; margin?: number }, { margin: undefined });
  expect(Object.keys(readOptions("where", inherited, ["ahead", "margin"]))).toEqual([]);
  expect(readOptions("where", inherited, ["ahead", "margin"]).ahead).toBeUndefined();
});

it("is not misled by a polluted prototype", () => {
  const read = readOptions<{ ahead?: number; toString?: unknown }>("where", {}, ["ahead", "toString"]);
  expect(read.toString).toBeUndefined();
});

it("names the place and the known options when one is unknown", () => {
  const misspelt = { aheda: 5 } as { ahead?: number };
  expect(() => readOptions("freshness", misspelt, ["ahead"])).toThrow(
    "freshness.aheda: expected one of ahead, got an unknown option (did you mean ahead?).",
  );
  expect(() => readOptions("freshness", JSON.parse('{"__proto__":1}') as object, [])).toThrow(InvalidOptionError);
});

const known = ["clientId", "clientAuth", "tokenEndpoint", "timeout", "origins", "store", "key", "refreshTokens"];
const takeOption = (name: string): unknown => readOptions("where", { [name]: 1 } as Record<string, unknown>, known);

it.each([
  ["client_id", "clientId"],
  ["CLIENT-ID", "clientId"],
  ["clientID", "clientId"],
  ["tokenEndPoint", "tokenEndpoint"],
  ["tokenEnpdoint", "tokenEndpoint"],
  ["tokenEndpoints", "tokenEndpoint"],
  ["orgins", "origins"],
  ["origin", "origins"],
  ["stroe", "store"],
  ["refreshToken", "refreshTokens"],
])("knows what %s was meant to be", (name, meant) => {
  expect(() => takeOption(name)).toThrow(`got an unknown option (did you mean ${meant}?).`);
});

it("knows what a name with one mistake was meant to be, whatever the mistake, and suggests nothing for another word", () => {
  const letter = fc.constantFrom(..."qxz");
  const mistake = fc.tuple(fc.constantFrom(...known), fc.nat(100), letter, fc.constantFrom("add", "change", "leave out", "swap"));
  fc.assert(
    fc.property(mistake, ([name, place, other, kind]) => {
      const at = place % (name.length - 1);
      const [before, here, next, after] = [name.slice(0, at), name[at], name[at + 1], name.slice(at + 2)];
      const wrong = {
        add: `${before}${other}${here}${next}${after}`,
        change: `${before}${other}${next}${after}`,
        "leave out": `${before}${next}${after}`,
        swap: `${before}${next}${here}${after}`,
      }[kind];
      fc.pre(!known.includes(wrong));
      expect(() => takeOption(wrong)).toThrow(`(did you mean ${name}?)`);
    }),
  );
  for (const name of ["onRefresh", "a", "x".repeat(10_000), "__proto__x", "\u{1f600}"])
    expect(() => takeOption(name)).toThrow("got an unknown option.");
});

it.each([[null], [undefined], [5], ["text"], [[]], [() => {}]])("takes no %s for options", (given) => {
  expect(() => readOptions("where", given as unknown as object, [])).toThrow(
    new InvalidOptionError("where", "an object with options", kindOf(given)),
  );
});

it("tells what was expected and what came", () => {
  expect(() => requireFunction("source", "text")).toThrow("source: expected a function, got a string of 4 characters.");
  expect(() => requireText("key", "")).toThrow("key: expected a string that is not empty, got an empty string.");
  expect(() => requireText("key", 5)).toThrow("key: expected a string that is not empty, got 5.");
  expect(() => requireSeconds("margin", -1)).toThrow("margin: expected a number of seconds, zero or more, got -1.");
  expect(() => requireSeconds("ahead", 86_401, 86_400)).toThrow("ahead: expected at most 86400 seconds, got 86401 (in seconds?).");
  expect(() => requireTimeout("timeouts.request", 10_000)).toThrow(
    "timeouts.request: expected at most 600 seconds, got 10000 (in seconds?).",
  );
  expect(() => requireOneOf("replay", true, ["once", "never"])).toThrow('replay: expected "once" or "never", got true.');
});

it("lets pass what is right", () => {
  requireFunction("where", () => {});
  requireText("where", "x");
  requireSeconds("where", 0);
  requireSeconds("where", 1.5);
  requireSeconds("where", 86_400, 86_400);
  requireTimeout("where", 600);
  requireOneOf("where", "once", ["once", "never"]);
});
