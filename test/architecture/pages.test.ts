import { existsSync, globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pages = globSync(["README.md", "packages/*/README.md", "docs/**/*.md", "examples/**/*.ts"], { cwd: root }).filter(
  (page) => !page.includes("node_modules") && !page.includes("dist/"),
);
/** Programs of this repository write these, with all that they name. */
const written = new Set(
  ["adapters", "benchmarks", "comparison", "providers", "runtimes", "works-as-it-is"].map((name) => `docs/${name}.md`),
);
const own = globSync("docs/*.md", { cwd: root }).filter((page) => !written.has(page));

/** The storm counts token requests, and looks up no metadata; the odd provider has none. */
const exceptions = new Set(["examples/storm/tokens.ts", "examples/guides/odd-provider.ts", "docs/guides/custom-endpoints.md"]);

it("every page names a server in the same way, so that a login made by one program of ours is found by another", () => {
  expect(pages.length).toBeGreaterThan(25);
  const naming = pages.filter((page) => /createOAuthClient\(\{[^}]*\btokenEndpoint\s*[:,}]/.test(readFileSync(`${root}/${page}`, "utf8")));
  expect(naming.filter((page) => !exceptions.has(page))).toEqual([]);
});

it("what a page names of this repository is there: tests and sources, by their paths", () => {
  expect(own.length).toBeGreaterThan(5);
  const named = own.flatMap((page) => {
    const text = readFileSync(`${root}/${page}`, "utf8");
    return [...text.matchAll(/`((?:test|examples|packages)\/[\w./-]+\.\w+)`/g)].map(([, path = ""]) => [page, path] as const);
  });
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter(([, path]) => !existsSync(`${root}/${path}`))).toEqual([]);
});

it("each page of reference says which tests show it", () => {
  const testsOn = (page: string): string[] =>
    readFileSync(`${root}/docs/${page}.md`, "utf8").match(/`(?:test|packages)\/[\w./-]+\.test\.ts`/g) ?? [];
  for (const page of ["errors", "events", "keys", "schemes", "shared-refresh", "store-contract"])
    expect([page, testsOn(page).length]).toEqual([page, expect.toSatisfy((count: number) => count >= 4)]);
});

it("the programs of the guides are started by test/setup/guide-place.ts, which knows where they are, from the sources and from the packed packages", () => {
  const starters = globSync(["examples/guides/!(pages).test.ts", "test/setup/*guide*.ts"], { cwd: root }).filter(
    (path) => !path.endsWith("/guide-place.ts"),
  );
  expect(starters.length).toBeGreaterThan(1);
  expect(starters.filter((path) => readFileSync(`${root}/${path}`, "utf8").includes("--conditions=source"))).toEqual([]);
});
