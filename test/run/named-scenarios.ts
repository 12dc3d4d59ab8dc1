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

/** The same by the titles in the sources, for a run of the contract alone. What a file beside the tests names counts for those that import it. */
export function namedInSources(root: string, contract: RegExp): Map<string, Set<string>> {
  const named = new Map<string, Set<string>>();
  const paths = globSync(["test/{adapters,end-to-end,packaging}/*.ts", "packages/core/test/*.test.ts"], { cwd: root });
  const texts = new Map(paths.filter((path) => !contract.test(path)).map((path) => [path, readFileSync(root + path, "utf8")]));
  for (const [path, text] of texts) {
    const specifier = `from "./${path.split("/").at(-1)}"`;
    const tests = path.endsWith(".test.ts")
      ? [path]
      : paths.filter((test) => test.endsWith(".test.ts") && texts.get(test)?.includes(specifier));
    for (const [, title = ""] of text.matchAll(/["`]([^"`\n]+)/g)) {
      for (const id of idsIn(title)) for (const test of tests) add(named, id, test);
    }
  }
  return named;
}

function add(named: Map<string, Set<string>>, id: string, path: string): void {
  named.set(id, (named.get(id) ?? new Set()).add(path));
}
