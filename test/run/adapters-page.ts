/** Writes docs/adapters.md from the adapter contract's last run. With CI=true the page that is committed has to be that one already. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

interface Result {
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly status: string;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = `${root}docs/adapters.md`;
const report = JSON.parse(readFileSync(`${root}reports/tests.json`, "utf8")) as {
  testResults: { name: string; assertionResults: Result[] }[];
};
const results = report.testResults.find(({ name }) => name.endsWith("test/adapters/contract.test.ts"))?.assertionResults ?? [];
if (results.length === 0) throw new Error("The adapter contract was not part of the run.");

const clients = [...new Set(results.map(({ ancestorTitles }) => ancestorTitles[0] ?? ""))];
const rows = new Map<string, { title: string; cells: Map<string, string> }>();
const differences: string[] = [];

for (const { ancestorTitles, title: full, status } of results) {
  const [, id = "", title = "", reason] = /^(\S+) (.*?)(?: \(differs: (.*)\))?$/.exec(full) ?? [];
  const client = ancestorTitles[0] ?? "";
  const row = rows.get(id) ?? { title, cells: new Map<string, string>() };
  rows.set(id, row);
  row.cells.set(client, status !== "passed" ? "**failed**" : reason === undefined ? "yes" : "differs");
  if (reason !== undefined) differences.push(`- **${client}**, ${id}: ${reason}.`);
}

const table = [
  `| | ${clients.join(" | ")} |`,
  `|---|${clients.map(() => "---").join("|")}|`,
  ...[...rows].map(([id, { cells }]) => `| ${id} | ${clients.map((client) => cells.get(client) ?? "**not run**").join(" | ")} |`),
];
const scenarios = [...rows].map(([id, { title }]) => `- **${id}** ${title}`);

const text = `# What every adapter keeps

This page is written by the test run: one contract, run in the same way against every client that Tokenflight plugs into, on a real
authorization server and a real API. "differs" is a difference of the client, which is tested, too.

${table.join("\n")}

## The scenarios

${scenarios.join("\n")}

## The differences

${differences.join("\n")}
`;

const before = readCommitted();
writeFileSync(page, text);
process.stdout.write(`docs/adapters.md: ${rows.size} scenarios, ${clients.length} ways of use, ${differences.length} differences\n`);
if (process.env["CI"] === "true" && before !== text) {
  process.stderr.write("docs/adapters.md is not the page of this run: run the tests and commit it.\n");
  process.exitCode = 1;
}

function readCommitted(): string {
  try {
    return readFileSync(page, "utf8");
  } catch {
    return "";
  }
}
