/** README.md and docs/promises.md: what they say has its place, and is there. */
import { existsSync, globSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** What a page says, without its programs, by paragraph, list item or row. */
function statementsOf(page: string): string[] {
  return page
    .replaceAll(/^```[^]*?^```$/gm, "")
    .split(/\n(?=\n|\d\. |\|)/)
    .filter((text) => text.trim() !== "");
}

/** Where its links lead, from the root. */
function linksIn(text: string, page: string): string[] {
  return [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, link = ""]) => join(dirname(page), link));
}

const numberIn = /(?<![\w.@/-])\d+(?:,\d{3})*(?![\w/]|\.\d)/g;
/** How a program or a table may write a number. */
const spellings = (number: string): string[] => [number, number.replaceAll(",", ""), number.replaceAll(",", "_")];

describe("README.md", () => {
  const page = read("README.md");

  it("is one page, and stays so", () => {
    expect(page.split("\n").length).toBeLessThan(150);
  });

  it("every number in it stands in a page or a test that the same statement names", () => {
    const numbers = statementsOf(page).flatMap((text) => {
      const prose = text
        .replaceAll(/^\d\. /g, "")
        .replaceAll(/`[^`]*`/g, "")
        .replaceAll(/\]\([^)]*\)/g, "]")
        .replaceAll(/RFC \d+/g, "");
      return [...prose.matchAll(numberIn)].map(([number]) => ({ number, text }));
    });
    const known: Readonly<Record<string, string>> = {
      // A status code in the description of the picture, and in the picture.
      "401": "docs/images/one-refresh.svg",
      "200": "docs/images/one-refresh.svg",
      // The API of the first program, which a test runs.
      "100": "test/packaging/first-program.test.ts",
      // What starts the commands.
      "20": "CONTRIBUTING.md",
    };
    expect(numbers.length).toBeGreaterThan(4);
    const without = numbers.filter(({ number, text }) => {
      const sources = [...linksIn(text, "README.md"), ...(known[number] === undefined ? [] : [known[number]])];
      return !sources.some((path) => statSync(join(root, path)).isFile() && spellings(number).some((one) => read(path).includes(one)));
    });
    expect(without).toEqual([]);
  });

  it("names every package, by its page", () => {
    for (const name of readdirSync(join(root, "packages")))
      expect(page).toContain(`[\`@tokenflight/${name}\`](packages/${name}/README.md)`);
  });

  it("leads to every guide", () => {
    const guides = globSync("docs/guides/*.md", { cwd: root });
    expect(guides.length).toBeGreaterThan(9);
    expect(guides.filter((guide) => !page.includes(`(${guide})`))).toEqual([]);
  });

  it("has the commands that the run on a clean checkout repeats", () => {
    for (const command of ["start", "test"]) expect(page).toMatch(new RegExp(`^npx --yes pnpm@12\\.21\\.0 ${command}(?: |$)`, "m"));
  });
});

it("every test that docs/promises.md names is there", () => {
  const rows = read("docs/promises.md").match(/^\| (?!promise|-).*$/gm) ?? [];
  expect(rows.length).toBeGreaterThan(20);
  for (const row of rows) {
    const [, shown = ""] = /\|([^|]*)\|$/.exec(row) ?? [];
    const paths = [...[...shown.matchAll(/`([^`]+)`/g)].map(([, path = ""]) => path), ...linksIn(shown, "docs/promises.md")];
    expect(paths.length, row).toBeGreaterThan(0);
    for (const path of paths)
      expect([path, path.includes("*") ? globSync(path, { cwd: root }).length > 0 : existsSync(join(root, path))]).toEqual([path, true]);
  }
});
