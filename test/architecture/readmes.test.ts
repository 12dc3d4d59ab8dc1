import { readdirSync, readFileSync } from "node:fs";
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

  it("says how it ends", () => {
    expect(text).toMatch(/^- \*\*Its end\.\*\*/m);
  });

  it("names every function and every option", () => {
    expect(functions.length).toBeGreaterThan(0);
    expect(options.length).toBeGreaterThan(1);
    for (const one of new Set([...functions, ...options]))
      expect([one, new RegExp(`\`[^\`]*\\b${one}\\b[^\`]*\``).test(text)]).toEqual([one, true]);
  });
});

describe.each(readdirSync(new URL("../../packages", import.meta.url)))("the npm page of %s", (name) => {
  const text = read(`${name}/README.md`);

  it("begins with what it is, how it is installed and a program, in this order", () => {
    expect(text).toMatch(
      new RegExp(
        `^# @tokenflight/${name}\n\n[A-Z][^#\`]+(?:\`[^\`\n]+\`[^#\`]+)*\`\`\`sh\nnpm install .*@tokenflight/${name}\\b.*\n\`\`\`\n\n\`\`\`ts\n`,
      ),
    );
  });

  it("ends with the ways on: the project's README, the errors, the quick start", () => {
    const end = text.slice(text.lastIndexOf("\n## ") + 1);
    expect(end).toMatch(/^## More\n/);
    for (const page of ["../../README.md", "../../docs/errors.md", "../../docs/quick-start.md"]) expect(end).toContain(`(${page})`);
  });

  it("says of each option its type, its unit, its default and why", () => {
    for (const head of text.match(/^\| option .*$/gm) ?? [])
      expect(head).toMatch(/^\| option +\| type(?:, unit)? +\| default +\| why +\|$/);
    const rows = text.match(/^\| option .*\n\|[- |]*\n(?:\|.*\n)*/gm) ?? [];
    const options = rows.flatMap((table) => table.trimEnd().split("\n").slice(2));
    expect(options.filter((row) => /\|\s*\|/.test(row))).toEqual([]);
  });
});
