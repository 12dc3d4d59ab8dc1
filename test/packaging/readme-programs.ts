import { readFileSync } from "node:fs";

const pages = ["README.md", "docs/quick-start.md", "docs/guides/talkdesk.md"];

function programsOf(fence: string, endings: string): (readonly [name: string, text: string])[] {
  const block = new RegExp(`^\`\`\`${fence}\\n// (\\S+\\.(?:${endings}))\\n([\\s\\S]*?)^\`\`\`$`, "gm");
  return pages.flatMap((page) => {
    const text = readFileSync(new URL(`../../${page}`, import.meta.url), "utf8");
    return [...text.matchAll(block)].map(([, name = "", program = ""]) => [name, program] as const);
  });
}

/** The TypeScript programs of the first pages, by the file name in their first line. */
export const readmePrograms: ReadonlyMap<string, string> = new Map(programsOf("ts", "ts"));

/** The README's first program as both kinds of module: the page shows the first lines of the CommonJS one, which stand in place of the imports. */
export function firstPrograms(): ReadonlyMap<string, string> {
  const programs = new Map(programsOf("js", "mjs|cjs"));
  const [module, requires] = ["first.mjs", "first.cjs"].map((name) => programs.get(name) ?? "") as [string, string];
  const imports = module.match(/^import .*\n/gm) ?? [];
  if (imports.length === 0 || imports.length !== requires.match(/^const .* = require\(.*\n/gm)?.length)
    throw new Error("The README's first program does not begin with as many lines in both kinds of module.");
  return programs.set("first.cjs", requires + module.slice(imports.join("").length));
}

/** One of them. Throws when the page has lost it. */
export function readmeProgram(name: string): string {
  const text = readmePrograms.get(name);
  if (text === undefined) throw new Error(`The first pages have no ${name} any more.`);
  return text;
}
