/**
 * The code of all pages and docstrings, as a user has it: compiled in strict mode against the packed packages, as ES modules and as CommonJS modules. A block
 * whose first line names a file is a program, or a module of one, and compiles as it stands; parts of programs may leave out what pages/left-out.ts says.
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { hosts, libraries } from "../sdks/works.ts";
import { shownOf } from "../sdks/page.ts";
import { allBlocks, blocksOf, type Block } from "./pages/blocks.ts";
import { onlyInModules } from "./pages/left-out.ts";
import { asCommonJs, freeNames, syntaxErrors } from "./pages/names.ts";
import { compile, exportsOf, leftOut, sdksPage, writeProjects, type Project } from "./pages/projects.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const blocks = allBlocks();

describe("every code block", () => {
  let projects: Project[];
  beforeAll(async () => {
    projects = await writeProjects(inject("installed"), blocks);
  });

  it.concurrent.each(["node", "browser"].flatMap((platform) => ["module", "commonjs"].map((kind) => ({ platform, kind }))))(
    "for $platform compiles as $kind",
    async ({ platform, kind }) => {
      const project = projects.find((one) => one.platform === platform && one.kind === kind) as Project;
      expect(project.blocks.length).toBeGreaterThan(platform === "node" ? 80 : 8);
      const complaints = await compile(project);
      const excuses = kind === "commonjs" && platform === "node" ? onlyInModules : [];
      const isExcused = (complaint: string): boolean =>
        excuses.some((excuse) => complaint.startsWith(`${excuse.page}:`) && excuse.complaint.test(complaint));
      expect(complaints.filter((complaint) => !isExcused(complaint))).toEqual([]);
      // An excuse that is no longer needed is to be taken away.
      for (const excuse of excuses) expect([excuse.reason, complaints.some(isExcused)]).toEqual([excuse.reason, true]);
    },
  );

  it("in JavaScript parses, and uses no name that nothing declares", async () => {
    const exports = await exportsOf(inject("installed"));
    const commonJs = new Set(["exports", "module", "require"]);
    const isKnown = (name: string): boolean => name in globalThis || commonJs.has(name);
    const check = (block: Block): string[] => [
      ...syntaxErrors(block.text),
      ...leftOut(block, blocks, exports).unknown.filter((name) => !isKnown(name)),
    ];
    for (const block of blocks.filter(({ language }) => language === "js"))
      expect([block.page, block.line, check(block)]).toEqual([block.page, block.line, []]);
    const wrong: Block = { page: "page.md", line: 1, language: "js", name: undefined, text: "fetch(; nobody; process.env.A;" };
    expect(check(wrong)).toEqual(["')' expected.", "nobody"]);
  });

  it("that is a program is run by a test, which names its file", () => {
    const tests = globSync("{test,examples,packages/*/test}/**/*.test.ts", { cwd: root, exclude: ["**/node_modules/**"] })
      .concat("test/packaging/readme-programs.ts")
      .map(read)
      .join("\n");
    const named = blocks.flatMap(({ name, page, text }) => (name === undefined ? [] : [{ name, page, text }]));
    expect(named.length).toBeGreaterThan(15);
    // What other blocks of the page import runs with them.
    const isRun = ({ name, page }: { name: string; page: string }): boolean => {
      const file = name.split("/").at(-1) ?? "";
      if (tests.includes(`"${file.replace(/\.ts$/, "")}"`) || tests.includes(`"${file}"`) || tests.includes(`/${file}"`)) return true;
      return named.some((other) => other.page === page && other.name !== name && other.text.includes(`"./${file}"`));
    };
    expect(named.filter((one) => !isRun(one)).map(({ name, page }) => `${page}: ${name}`)).toEqual([]);
  });

  it("that is named after a file of the repository is that file", () => {
    const shown = blocks.filter(({ name }) => name?.includes("/"));
    expect(shown.length).toBeGreaterThan(10);
    for (const { name = "", page, text } of shown) expect([page, text]).toEqual([page, `// ${name}\n${read(name)}`]);
  });

  it("about an SDK is taken out of a file that runs with it", () => {
    const files = [...libraries.map(({ file }) => `libraries/${file}`), ...hosts.map(({ file }) => `hosts/${file}`)];
    const own = files.map((file) => `${shownOf(read(`test/sdks/${file}.ts`))}\n`);
    expect(blocks.filter(({ page }) => page === sdksPage).map(({ text }) => text)).toEqual(own);
  });
});

describe("a page cannot hide code", () => {
  it.each([
    ["in another language", "```typescript\nx;\n```\n", /"typescript" is no language/],
    ["in none", "```\nx;\n```\n", /"" is no language/],
    ["in a block without a fence", "text\n\n    const x = 1;\n", /an indented block/],
    ["in HTML", "<pre>\nx;\n</pre>\n", /a block with a fence/],
    ["in a block without an end", "```ts\nx;\n", /has no end/],
  ])("%s", (_where, text, message) => {
    expect(() => blocksOf("page.md", text)).toThrow(message);
  });

  it("in a list, in a quotation, or behind tildes", () => {
    const page = "- item:\n\n  ```ts\n  one();\n  ```\n\n> ```tsx\n> two();\n> ```\n\n~~~js\nthree();\n~~~\n";
    expect(blocksOf("page.md", page).map(({ language, line, text }) => [language, line, text])).toEqual([
      ["ts", 4, "one();\n"],
      ["tsx", 8, "two();\n"],
      ["js", 12, "three();\n"],
    ]);
  });

  it("in what it leaves out: a name that nothing declares is free", () => {
    const text = 'import { a } from "a";\nconst { b: c = d } = e({ f, g: h }).i;\nfunction j(k: L): void { k(a, c, j); }\n';
    expect(freeNames(text)).toEqual(["d", "e", "f", "h", "L"]);
  });

  it("in CommonJS: lines stay where they are", () => {
    const text = 'import a from "a";\nimport {\n  b,\n} from "b";\nexport const c = await a(b);\nexport { c };\n';
    expect(asCommonJs(text)).toBe(
      'import a from "a"; import { b, } from "b"; export async function main(): Promise<void> { \n\n\n\nconst c = await a(b);\nvoid [ c ];\n}\n',
    );
    expect(asCommonJs("export const a = 1;\n")).toBe("export const a = 1;\n");
  });
});
