import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pages = globSync(["README.md", "packages/*/README.md", "docs/**/*.md", "examples/**/*.ts"], { cwd: root }).filter(
  (page) => !page.includes("node_modules") && !page.includes("dist/"),
);
/** The storm counts token requests, and looks up no metadata; the odd provider has none. */
const exceptions = new Set(["examples/storm/tokens.ts", "examples/guides/odd-provider.ts", "docs/guides/custom-endpoints.md"]);

it("every page names a server in the same way, so that a login made by one program of ours is found by another", () => {
  expect(pages.length).toBeGreaterThan(25);
  const naming = pages.filter((page) => /createOAuthClient\(\{[^}]*\btokenEndpoint\s*[:,}]/.test(readFileSync(`${root}/${page}`, "utf8")));
  expect(naming.filter((page) => !exceptions.has(page))).toEqual([]);
});
