import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const read = (path: string): string => readFileSync(new URL(`../../packages/${path}`, import.meta.url), "utf8");
/** The packages that are neither an adapter, whose READMEs have a test of their own, nor the ground for all others. */
const names = ["browser", "redis", "sqlite"];

/** The functions that a package exports, and the options that they take, by the declarations in its sources. */
function declared(name: string): { functions: string[]; options: string[] } {
  const index = read(`${name}/src/index.ts`);
  const functions = [...index.matchAll(/\b(?<!type )([a-z]\w+)(?=[,\s][^;]*\} from)/g)]
    .map(([, one = ""]) => one)
    .filter((one) => !/^(?:export|type)$/.test(one));
  const files = [...index.matchAll(/from "\.\/([^"]+)"/g)].map(([, file]) => read(`${name}/src/${file}`));
  const interfaces = files.flatMap((text) => [...text.matchAll(/^export interface \w+Options\b[^]*?\n\}/gm)].map(([found]) => found));
  const options = interfaces.flatMap((text) => [...text.matchAll(/^ {2}(\w+)\??:/gm)].map(([, field = ""]) => field));
  return { functions, options };
}

describe.each(names)("the README of %s", (name) => {
  const text = read(`${name}/README.md`);
  const { functions, options } = declared(name);

  it("begins and ends as its siblings", () => {
    expect(text).toMatch(new RegExp(`^# @tokenflight/${name}\n`));
    expect(text.trimEnd()).toMatch(/: \[Tokenflight\]\(https:\/\/www\.npmjs\.com\/package\/@tokenflight\/core\)\.$/);
    expect(text).toMatch(/^- \*\*Its end\.\*\*/m);
  });

  it("names every function and every option", () => {
    expect(functions.length).toBeGreaterThan(0);
    expect(options.length).toBeGreaterThan(1);
    for (const one of new Set([...functions, ...options]))
      expect([one, new RegExp(`\`[^\`]*\\b${one}\\b[^\`]*\``).test(text)]).toEqual([one, true]);
  });
});
