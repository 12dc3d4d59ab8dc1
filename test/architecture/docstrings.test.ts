import { describe, expect, it } from "vitest";
import { publicNames, type PublicName } from "./public-api.ts";

const names = publicNames();

/** The names for which something does not hold, with their places. */
function without(selected: readonly PublicName[], holds: (name: PublicName) => boolean): string[] {
  // A selection of nothing would hold whatever is written.
  expect(selected.length).toBeGreaterThan(30);
  return selected.filter((one) => !holds(one)).map(({ at, name }) => `${at} ${name}`);
}

const units = /\b(?:seconds?|milliseconds|bytes|KB|how many|number of|goes up by one|HTTP status(?:es)?|version)\b/i;

/** Functions whose use their first sentence shows, or for which a program has the example of another one. */
const plain = new Set([
  "core: guarded",
  "core: signalOf",
  "core: storeKey",
  "core: ttlOf",
  "oauth: sharedTurn",
  "oauth/talkdesk: advancedDialerRefused",
]);

describe("what an editor shows of a public name", () => {
  it("is a docstring, on every export of every entry point and every member of what is exported", () => {
    expect(names.length).toBeGreaterThan(1000);
    expect(without(names, ({ text }) => text !== "")).toEqual([]);
  });

  it("says more than the name", () => {
    const wordsOf = (text: string): string =>
      text
        .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
        .replaceAll(/\W+|\b(?:an?|of|the)\b/gi, " ")
        .trim()
        .toLowerCase();
    expect(without(names, ({ name, text }) => wordsOf(text) !== wordsOf(name.split(/[.:>] ?/).at(-1) ?? ""))).toEqual([]);
  });

  it("names the unit of every number", () => {
    expect(
      without(
        names.filter(({ isNumber }) => isNumber),
        ({ text }) => units.test(text),
      ),
    ).toEqual([]);
  });

  it("names the default of every option that may be left out", () => {
    expect(
      without(
        names.filter(({ isOptionalOption }) => isOptionalOption),
        ({ text }) => /\bdefault\b/i.test(text),
      ),
    ).toEqual([]);
  });

  it("names the errors of every function that throws, InvalidOptionError with its code", () => {
    const throwing = names.filter(({ kind, throws }) => kind === "function" && throws.length > 0);
    expect(
      without(throwing, ({ throws, tags }) => {
        const said = (tags.get("throws") ?? []).join(" ");
        return said !== "" && (!throws.includes("InvalidOptionError") || said.includes("InvalidOptionError (`ERR_INVALID_OPTION`)"));
      }),
    ).toEqual([]);
  });

  it("leaves no error to the prose, where editors do not set it off", () => {
    const callable = names.filter(({ kind }) => kind === "function" || kind === "method");
    expect(without(callable, ({ text }) => !/\b(?:Throws|Rejects with)\b/.test(text))).toEqual([]);
  });

  it("has an example for every function that programs call", () => {
    const called = names.filter(({ kind, isForPrograms, name }) => kind === "function" && isForPrograms && !plain.has(name));
    expect(without(called, ({ tags }) => tags.get("example")?.every((text) => /^```ts\n[^]+\n```$/.test(text)) ?? false)).toEqual([]);
  });
});
