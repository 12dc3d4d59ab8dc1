import { globSync, readFileSync } from "node:fs";

export interface TestResult {
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly status: string;
}

export interface TestFile {
  readonly name: string;
  readonly assertionResults: readonly TestResult[];
}

/** The scenarios of a title: it begins with the id of one, or names lines of section I. */
function idsIn(title: string): string[] {
  const first = /^[ACDFI]\d+(?= )/.exec(title)?.[0];
  const [, lines = ""] = /\blines? (1[123]\d(?:(?:, | and | to )1[123]\d)*)/.exec(title) ?? [];
  return [...(first === undefined ? [] : [first]), ...[...lines.matchAll(/\d+/g)].map(([line]) => `I${line}`)];
}

/** The files of tests that passed, by the scenario that they name. */
export function namedInReport(files: readonly TestFile[], root: string): Map<string, Set<string>> {
  const named = new Map<string, Set<string>>();
  for (const { name, assertionResults } of files) {
    const path = name.replaceAll("\\", "/").replace(root.replaceAll("\\", "/"), "");
    for (const { ancestorTitles, title, status } of assertionResults) {
      if (status === "passed") for (const id of [...ancestorTitles, title].flatMap(idsIn)) add(named, id, path);
    }
  }
  return named;
}

/** The same by the titles in the sources, for a run of the contract alone. */
export function namedInSources(root: string, contract: string): Map<string, Set<string>> {
  const named = new Map<string, Set<string>>();
  for (const path of globSync(["test/**/*.test.ts", "packages/*/test/**/*.test.ts"], { cwd: root })) {
    if (path === contract) continue;
    for (const [, title = ""] of readFileSync(root + path, "utf8").matchAll(/["`]([^"`\n]+)/g)) {
      for (const id of idsIn(title)) add(named, id, path);
    }
  }
  return named;
}

function add(named: Map<string, Set<string>>, id: string, path: string): void {
  named.set(id, (named.get(id) ?? new Set()).add(path));
}
