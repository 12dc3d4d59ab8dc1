import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The root of the repository, with a slash at its end. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** A Markdown file of the repository, which is a page of the site. */
export interface Page {
  /** Where it lies in the repository, such as `docs/guides/mcp.md`. */
  readonly source: string;
  /** Where it lies on the site, such as `guides/mcp.md`. Its address is the same without `.md`. */
  readonly target: string;
}

/** Every page that somebody wrote. The API reference is generated beside them. */
export function readPages(): Page[] {
  const sources = globSync(["*.md", "docs/*.md", "docs/guides/**/*.md", "{packages,examples}/*/README.md", "test/bench/README.md"], {
    cwd: root,
  });
  return sources.sort().map((source) => ({ source, target: targetOf(source) }));
}

function targetOf(source: string): string {
  if (source === "README.md") return "index.md";
  if (source === "docs/README.md") return "contents.md";
  return source
    .replace(/^docs\//, "")
    .replace(/^test\/bench\/README/, "project/run-benchmarks")
    .replace(/\/README\.md$/, ".md")
    .replace(/^[A-Z_]+\.md$/, (name) => `project/${name.toLowerCase().replaceAll("_", "-")}`);
}

/** The address of a page in the site, such as `/guides/mcp`. */
export function addressOf(target: string): string {
  return `/${target.replace(/(?:^|(?<=\/))index\.md$|\.md$/, "")}`;
}

export function readSource(source: string): string {
  return readFileSync(root + source, "utf8");
}
