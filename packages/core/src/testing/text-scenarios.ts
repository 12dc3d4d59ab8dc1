import { check } from "./check.ts";
import type { StoreScenario } from "./store-under-test.ts";
import { holds, write } from "./writing-scenarios.ts";

const strangeKeys = [
  "",
  " ",
  "a",
  "A",
  "a ",
  "a\0",
  "a\0b",
  "\n",
  "{a}",
  "}a{",
  "a:b",
  "*",
  "%00",
  "__proto__",
  "constructor",
  "'; DROP TABLE entries; --",
  "é",
  "e\u0301",
  "\uFEFFa",
  "\u{1F511}",
  "k".repeat(1000),
];

/** Every Unicode character once: each code point but the surrogates, which are no characters and which UTF-8 cannot hold. */
function everyCharacter(): string {
  const parts: string[] = [];
  for (let start = 0; start < 0x110000; start += 0x800) {
    if (start === 0xd800) continue;
    parts.push(String.fromCodePoint(...Array.from({ length: 0x800 }, (_, offset) => start + offset)));
  }
  return parts.join("");
}

/** Keys and values are any well-formed Unicode text. */
export const textScenarios: readonly StoreScenario[] = [
  {
    id: "any-key",
    title: "keeps keys apart, whatever characters they hold",
    async run({ store, other, key }) {
      const keys = strangeKeys.map((strange) => key + strange);
      const versions = [];
      for (const [index, each] of keys.entries()) versions.push(await write(store, each, undefined, `value ${index}`));
      for (const [index, each] of keys.entries()) {
        await holds(other, each, versions[index] as string, `value ${index}`, `under key ${JSON.stringify(strangeKeys[index])}`);
      }
      check((await store.read(`${key}toString`)) === undefined, "a key that nobody wrote has no entry");
    },
  },
  {
    id: "any-value",
    title: "gives back every Unicode character, and the empty text",
    async run({ store, other, key }) {
      let version: string | undefined;
      for (const value of ["", "\0", "a\0b", "\uFEFFfirst", "\r\n", " ", '{"a":1}', everyCharacter()]) {
        version = await write(store, key, version, value);
        await holds(other, key, version, value, "whatever characters it has");
      }
    },
  },
  {
    id: "large-value",
    title: "holds values of a megabyte",
    async run({ store, other, key }) {
      const large = "0123456789abcdef".repeat(65_536);
      const first = await write(store, key, undefined, large);
      await holds(other, key, first, large, "of a megabyte");
      const second = await write(other, key, first, `${large.slice(1)}x`);
      await holds(store, key, second, `${large.slice(1)}x`, "of a megabyte, replaced");
      const third = await write(other, key, second, "small");
      await holds(store, key, third, "small", "after one of a megabyte");
    },
  },
];
