/** Writes docs/adapters.md from the last run of the tests. With CI=true the page that is committed has to be that one already. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { challenges } from "../contract/challenges.ts";
import { absent, elsewhere, scenarioIds } from "./scenario-list.ts";

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
const contract = "test/adapters/contract.test.ts";
const results = report.testResults.find(({ name }) => name.endsWith(contract))?.assertionResults ?? [];
if (results.length === 0) throw new Error("The adapter contract was not part of the run.");

const clients = [...new Set(results.map(({ ancestorTitles }) => ancestorTitles[0] ?? ""))];
const rows = new Map<string, { title: string; cells: Map<string, string> }>();
/** The scenarios in which a client differs, by the client and its reason. */
const reasons = new Map<string, { client: string; reason: string; ids: string[] }>();

for (const { ancestorTitles, title: full, status } of results) {
  const [, id = "", title = "", reason] = /^(\S+) (.*?)(?: \(differs: (.*)\))?$/.exec(full) ?? [];
  const client = ancestorTitles[0] ?? "";
  const row = rows.get(id) ?? { title, cells: new Map<string, string>() };
  rows.set(id, row);
  row.cells.set(client, status !== "passed" ? "**failed**" : reason === undefined ? "yes" : "differs");
  if (reason === undefined) continue;
  const difference = reasons.get(client + reason) ?? { client, reason, ids: [] };
  reasons.set(client + reason, difference);
  difference.ids.push(id);
}

/** The files with other tests that name a scenario at the beginning of their title, and that passed. */
const files = new Map<string, Set<string>>();
for (const { name, assertionResults } of report.testResults) {
  if (name.endsWith(contract)) continue;
  for (const { title, status } of assertionResults) {
    const id = /^[ACDFI]\d+(?= )/.exec(title)?.[0];
    if (id === undefined || status !== "passed") continue;
    files.set(id, (files.get(id) ?? new Set()).add(name.replaceAll("\\", "/").replace(root.replaceAll("\\", "/"), "")));
  }
}
const namedIn = (id: string): string =>
  [...(files.get(id) ?? [])]
    .toSorted()
    .map((file) => `\`${file}\``)
    .join(", ");

const unshown = scenarioIds.filter((id) => !rows.has(id) && !files.has(id) && !(id in absent));
if (unshown.length > 0) throw new Error(`No test of the run names ${unshown.join(", ")}.`);
const unknown = scenarioIds.filter((id) => !rows.has(id) && !(id in elsewhere) && !(id in absent));
if (unknown.length > 0) throw new Error(`What ${unknown.join(", ")} says is not in test/run/scenario-list.ts.`);

const table = [
  `| | ${clients.join(" | ")} |`,
  `|---|${clients.map(() => "---").join("|")}|`,
  ...[...rows].map(([id, { cells }]) => `| ${id} | ${clients.map((client) => cells.get(client) ?? "**not run**").join(" | ")} |`),
];
const differences = [...reasons.values()].map(({ client, reason, ids }) => `- **${client}**, ${ids.join(", ")}: ${reason}.`);
const scenarios = [...rows].map(([id, { title }]) => `- **${id}** ${title}${files.has(id) ? `. Also: ${namedIn(id)}` : ""}`);
const others = scenarioIds.filter((id) => id in elsewhere).map((id) => `- **${id}** ${elsewhere[id]}: ${namedIn(id)}`);
const missing = Object.entries(absent).map(([id, reason]) => `- **${id}** ${reason}.`);

const refusals = challenges.map(({ challenge, about, renews }) => {
  const header = challenge === undefined ? "none" : challenge === "" ? "empty" : `\`${challenge}\``;
  return `| ${about} | ${header} | ${renews ? "renewed and replayed, once" : "kept"} |`;
});

const text = `# What every adapter keeps

This page is written by the test run: one contract, run in the same way against every client that Tokenflight plugs into, on a real
authorization server and a real API. "differs" is a difference of the client, which is tested, too.

${table.join("\n")}

## The scenarios

${scenarios.join("\n")}

## The 401s

A 401 is about the token that was sent, whatever scheme its \`WWW-Authenticate\` names: many APIs send none, a broken one, or one that has nothing to do with
the token. It is renewed once and replayed once; a renewal that was no use is not repeated for a while, so that an API that refuses everybody costs one token
request in some minutes. Only a challenge that says that another token would be no use, in whatever scheme, keeps the 401: its caller gets it as it is, and
nothing is renewed. \`refused\` puts an own judgement in the place of all of this, and \`refusedBy\` one that reads JSON answers. C45 holds every client to this table.

| the 401 says | WWW-Authenticate | and is |
|---|---|---|
${refusals.join("\n")}

What is not replayed (\`replay: "never"\`, a body that can be read once, an unsafe method behind a redirect, got's streams) keeps its 401 and is renewed behind,
unless the answer came from another origin: the next request has a fresh token.

## The differences

${differences.join("\n")}

## Scenarios of one client

These are about something that one client has, or that no client takes part in. The tests that show them name them.

${others.join("\n")}

Two are about something that is not here:

${missing.join("\n")}
`;

const before = readCommitted();
writeFileSync(page, text);
process.stdout.write(
  `docs/adapters.md: ${rows.size} scenarios, ${clients.length} ways of use, ${differences.length} differences, ${others.length} scenarios of one client\n`,
);
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
