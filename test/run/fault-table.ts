import { relative } from "node:path";
import type { FaultRow } from "../faults/fault-row.ts";

/** What vitest's JSON reporter says of one file, as far as it is read here. */
export interface FileResult {
  readonly name: string;
  readonly assertionResults: readonly {
    readonly ancestorTitles: readonly string[];
    readonly title: string;
    readonly status: string;
    readonly meta: { readonly faultRow?: FaultRow };
  }[];
}

/** A row, and what is given to vitest to run it alone. */
export interface TableRow extends FaultRow {
  readonly alone: string;
}

export interface FaultTable {
  readonly groups: ReadonlyMap<string, readonly TableRow[]>;
  /** Tests of faults that were skipped, with the reason that stands in their name. */
  readonly notRun: readonly { readonly alone: string; readonly reason: string }[];
}

const places = [
  "test/processes/",
  "test/mcp/agents-",
  "test/faults/",
  "test/browser/tabs.",
  "test/browser/ending-tabs.",
  "test/browser/worker.",
];

/** Gathers the rows that the tests of faults have noted, in the order of their files. */
export function gatherRows(results: readonly FileResult[], root: string): FaultTable {
  const groups = new Map<string, TableRow[]>();
  const notRun: { alone: string; reason: string }[] = [];
  const files = results.map(({ name, assertionResults }) => ({ file: relative(root, name).replaceAll("\\", "/"), assertionResults }));
  const order = (file: string): number => places.findIndex((place) => file.startsWith(place));
  const ofFaults = files.filter(({ file }) => order(file) >= 0);
  for (const { file, assertionResults } of ofFaults.toSorted((a, b) => order(a.file) - order(b.file) || (a.file < b.file ? -1 : 1))) {
    for (const { ancestorTitles, title, status, meta } of assertionResults) {
      const whole = [...ancestorTitles, title].join(" ");
      const isUnique = assertionResults.filter((other) => [...other.ancestorTitles, other.title].join(" ").includes(title)).length === 1;
      const alone = `${file} -t '${asPattern(isUnique ? title : whole)}'`;
      if (meta.faultRow !== undefined)
        groups.set(meta.faultRow.group, [...(groups.get(meta.faultRow.group) ?? []), { ...meta.faultRow, alone }]);
      else if (status !== "passed") notRun.push({ alone, reason: /not run: [^)]*/.exec(whole)?.[0] ?? status });
    }
  }
  return { groups, notRun };
}

/** vitest takes a name as a regular expression, which stands in single quotes here. */
function asPattern(name: string): string {
  return name.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`).replaceAll("'", ".");
}
