import { readFileSync } from "node:fs";
import { tableOf, withinMarks } from "../../run/page-parts.ts";
import { cases, type Case } from "./cases.ts";
import type { Contestant } from "./contestants.ts";
import { better, besides, type Source, type Statement } from "./statements.ts";

const { devDependencies } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  devDependencies: Record<string, string>;
};

const half = 5;
/** The cases in the order of the page: those of requests, and those of a refresh. */
const halves: readonly (readonly Case[])[] = [cases.slice(0, half), cases.slice(half)];

/** Every answer of a library, in the order of `cases`. */
export async function answersOf(contestant: Contestant): Promise<string[]> {
  const answers: string[] = [];
  for (const one of cases) answers.push(await one.answer(contestant));
  return answers;
}

/** The rows of a library, one in each table. */
export function rowsOf({ name }: Contestant, answers: readonly string[]): string[][] {
  const version = devDependencies[name];
  const title = version === undefined || version.startsWith("workspace:") ? name : `${name} ${version}`;
  return [
    [title, ...answers.slice(0, half)],
    [title, ...answers.slice(half)],
  ];
}

function cite({ package: name, file, line }: Source): string {
  return `\`${name}\` ${file}:${line}`;
}

function tableOfStatements(head: string, statements: readonly Statement[]): string {
  return tableOf(
    [head, "source"],
    statements.map(({ says, sources }) => [says, sources.map(cite).join(", ")]),
  );
}

/** Every library that a statement is about, with its version. */
function versions(): string {
  const names = [...new Set([...better, ...besides].flatMap(({ sources }) => sources.map((source) => source.package)))];
  return names.map((name) => `${name} ${devDependencies[name]}`).join(", ");
}

export const marks = {
  runs: "The tables are written by test/bench/comparison/write-page.ts, which runs each library.",
  better: "The table is written by test/bench/comparison/write-page.ts: when to take another one.",
  besides: "The table is written by test/bench/comparison/write-page.ts: by source.",
  versions: "The versions are written by test/bench/comparison/write-page.ts.",
};

/** The page with what is known without a run. */
export function withStatements(page: string): string {
  const first = withinMarks(page, marks.better, tableOfStatements("take this one", better));
  const second = withinMarks(first, marks.besides, tableOfStatements("what it does", besides));
  return withinMarks(second, marks.versions, `${versions()}.`);
}

/** The page with what the runs answered. */
export function withRuns(page: string, rows: readonly string[][][]): string {
  const tables = halves.map((half, index) =>
    tableOf(
      ["library", ...half.map(({ title }) => title)],
      rows.map((both) => both[index] ?? []),
    ),
  );
  return withinMarks(page, marks.runs, tables.join("\n\n"));
}
