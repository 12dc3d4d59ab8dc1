/**
 * Writes docs/adapters.md from the last run of the tests. With CI=true the page that is committed has to be that one already.
 *
 * `adapters-page.ts REPORT...` writes it from reports of vitest (`--reporter=json`) of the contract alone, each of all ways of use or of some: which other
 * tests show a scenario is then read from their sources.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { waysOfUse } from "../clients/clients.ts";
import { challenges } from "../contract/challenges.ts";
import { namedInReport, namedInSources, type TestFile } from "./named-scenarios.ts";
import { absent, elsewhere, scenarioIds } from "./scenario-list.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = `${root}docs/adapters.md`;
const given = process.argv.slice(2);
const reports = given.length === 0 ? [`${root}reports/tests.json`] : given;
const tests = reports.flatMap((path) => (JSON.parse(readFileSync(path, "utf8")) as { testResults: TestFile[] }).testResults);
const contract = /test\/adapters\/contract-\w+\.test\.ts$/;
const results = tests
  .filter(({ name }) => contract.test(name))
  .flatMap(({ assertionResults }) => assertionResults)
  .filter(({ status }) => status === "passed" || status === "failed");
const ran = new Set(results.map(({ ancestorTitles }) => ancestorTitles[0] ?? ""));
const left = waysOfUse.filter(({ name }) => !ran.has(name)).map(({ name }) => name);
if (left.length > 0) throw new Error(`The adapter contract of ${left.join(", ")} was not part of the run.`);

const clients = waysOfUse.map(({ name }) => name);
const rows = new Map<string, { title: string; cells: Map<string, string> }>();
/** The scenarios in which a client differs, by the client and its reason. */
const reasons = new Map<string, { client: string; reason: string; ids: string[] }>();

const inOrder = clients.flatMap((client) => results.filter(({ ancestorTitles }) => ancestorTitles[0] === client));
for (const { ancestorTitles, title: full, status } of inOrder) {
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

const others =
  given.length === 0
    ? namedInReport(
        // The contract with adapters that are loaded late is the same contract once more: it would stand beside every scenario.
        tests.filter(({ name }) => !contract.test(name) && !name.endsWith("/late-contract.test.ts")),
        root,
      )
    : namedInSources(root, contract);
const namedIn = (id: string): string =>
  [...(others.get(id) ?? [])]
    .toSorted()
    .map((file) => `\`${file}\``)
    .join(", ");

const unshown = scenarioIds.filter((id) => !rows.has(id) && !others.has(id) && !(id in absent));
if (unshown.length > 0) throw new Error(`No test of the run names ${unshown.join(", ")}.`);
const unknown = scenarioIds.filter((id) => !rows.has(id) && !(id in elsewhere) && !(id in absent));
if (unknown.length > 0) throw new Error(`What ${unknown.join(", ")} says is not in test/run/scenario-list.ts.`);

const table = [
  `| | ${clients.join(" | ")} |`,
  `|---|${clients.map(() => "---").join("|")}|`,
  ...[...rows].map(([id, { cells }]) => `| ${id} | ${clients.map((client) => cells.get(client) ?? "**not run**").join(" | ")} |`),
];
const differences = [...reasons.values()].map(({ client, reason, ids }) => `- **${client}**, ${ids.join(", ")}: ${reason}.`);
const scenarios = [...rows].map(([id, { title }]) => `- **${id}** ${title}${others.has(id) ? `. Also: ${namedIn(id)}` : ""}`);
const ofOneClient = scenarioIds.filter((id) => id in elsewhere).map((id) => `- **${id}** ${elsewhere[id]}: ${namedIn(id)}`);
const missing = Object.entries(absent).map(([id, reason]) => `- **${id}** ${reason}.`);

const refusals = challenges.map(({ challenge, about, renews }) => {
  const header = challenge === undefined ? "none" : challenge === "" ? "empty" : `\`${challenge}\``;
  return `| ${about} | ${header} | ${renews ? "renewed and replayed, once" : "kept"} |`;
});

const text = `# What every adapter keeps

This page is written by the test run: one contract, run in the same way against every client that Tokenflight plugs into, on a real
authorization server and a real API. "differs" is a difference of the client, which is tested, too. A column with a version is the lowest that the adapter takes; the
others are the newest ([versions](versions.md)).

${table.join("\n")}

## The scenarios

${scenarios.join("\n")}

## The 401s

A 401 is about the token that was sent, whatever scheme its \`WWW-Authenticate\` names: many APIs send none, a broken one, or one that has nothing to do with
the token. It is renewed once and replayed once; a renewal that was no use is not repeated for a while, so that an API that refuses everybody costs one token
request in some minutes. Only a challenge that says that another token would be no use, in whatever scheme, keeps the 401: its caller gets it as it is, and
nothing is renewed. \`refused\` puts an own judgement in the place of all of this; \`refusedBy\` finds refusals in JSON answers besides. C45 holds every client to this table.

| the 401 says | WWW-Authenticate | and is |
|---|---|---|
${refusals.join("\n")}

What is not replayed (\`replay: "never"\`, a body that can be read once, an unsafe method behind a redirect, except with got, which sends the last hop again, got's streams) keeps its 401 and is renewed behind,
unless the answer came from another origin: the next request has a fresh token.

## Where a cache goes

A cache that keeps answers tells users apart by the token, so it has to see the token: its place is beneath the adapter, nearer to the network. Around the adapter
it sees a request without a token, and gives one user's answer to another. Tests: ${namedIn("I121")}.

| client | the place | the wrong place, and why |
|---|---|---|
| axios | an instance with a cache of its own, which the attached one's \`adapter\` calls (axios-cache-interceptor with \`vary: ["authorization"]\`) | \`setupCache\` on the attached instance: its interceptors see no token. An answer with \`Vary: Authorization\` is not kept there; any other is, for all users |
| got | the \`cache\` option: kept apart by token cache, and by token where the API says \`Vary: Authorization\` | handlers, or functions around the instance, that look at URLs |
| ky, fetch | the \`fetch\` function beneath, or its \`dispatcher\`; the browser's own cache is there | hooks, or a function around ours, that look at URLs |
| undici | \`cache\` and \`deduplicate\` before \`bearer\` in \`compose\` | after it: they do not see that a request is somebody's |

## The differences

${differences.join("\n")}

## Scenarios of one client

These are about something that one client has, or that no client takes part in. The tests that show them name them.

${ofOneClient.join("\n")}

Two are about something that is not here:

${missing.join("\n")}
`;

const before = readCommitted();
writeFileSync(page, text);
process.stdout.write(
  `docs/adapters.md: ${rows.size} scenarios, ${clients.length} ways of use, ${differences.length} differences, ${ofOneClient.length} scenarios of one client\n`,
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
