import { readFileSync } from "node:fs";

const page = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

/** The README's programs, by the file name in their first line. */
export const readmePrograms: ReadonlyMap<string, string> = new Map(
  [...page.matchAll(/^```ts\n\/\/ (\S+\.ts)\n([\s\S]*?)^```$/gm)].map(([, name = "", text = ""]) => [name, text]),
);

/** One of them. Throws when the page has lost it. */
export function readmeProgram(name: string): string {
  const text = readmePrograms.get(name);
  if (text === undefined) throw new Error(`The README has no ${name} any more.`);
  return text;
}
