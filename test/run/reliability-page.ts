/**
 * Writes docs/reliability.md from the last run of the tests in test/faults and test/processes, of the agents in test/mcp and of the tabs in test/browser,
 * when that was a full one (TOKENFLIGHT_FULL=1), or when the rows or expectations are others: what a full run has counted stays until then. With CI=true the page
 * that is committed has to have the same rows and expectations already; what was counted may differ from run to run.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gatherRows, type FileResult, type TableRow } from "./fault-table.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = `${root}docs/reliability.md`;
const report = JSON.parse(readFileSync(`${root}reports/tests.json`, "utf8")) as { testResults: FileResult[] };
const { groups, notRun } = gatherRows(report.testResults, root);
const rows = [...groups.values()].flat();
if (rows.length === 0) throw new Error("No test of a fault was part of the run.");

const cell = (text: string): string => text.replaceAll("|", String.raw`\|`);
const countsOf = ({ counts }: TableRow): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name}: ${count.toLocaleString("en-GB")}`)
    .join("; ");
const tableOf = (group: readonly TableRow[]): string =>
  [
    "| what happens | what comes of it | counted | alone |",
    "|---|---|---|---|",
    ...group.map((row) => `| ${cell(row.fault)} | ${cell(row.expected)} | ${cell(countsOf(row))} | \`${cell(row.alone)}\` |`),
  ].join("\n");

const text = `# What happens when something breaks

Processes end, are killed and are frozen in the middle of a refresh. Tabs are closed and reloaded, machines sleep, clocks are set, users log out elsewhere, token endpoints fail, and stores stall and lose data.
This page says what follows. The full test run writes its tables: each row is a test, with what that run counted. The processes, the browsers, Redis, SQLite and the authorization server are real. Signals end,
kill, stop and thaw the processes at named steps of a refresh.

## What is promised

- **One token request for each generation of a token set**, across all processes and machines that share a store.
- **No session is lost that could have been kept.** One cannot be kept: a provider without a grace time has used the refresh token up, and the process dies before the new one is stored. Then there is one typed
  error, \`LoginRequiredError\`, and no loop.
- **A process that ends loses nothing.** It ends after the refresh that is under way and after its write. Both are bounded by their timeouts.
- **What one process does to a login holds for all of them.** No process goes on with the token of a user who has logged out, once it knows. Where the store tells of changes, it knows within a tenth of a second.
- **The old access token is used while it is good**, whatever happens to its refresh.
- **A new token set is stored before anybody gets it.** When the store is away, the write is repeated; the token request is not.
- **Every call ends**, with a token or with a typed error.

## What is assumed

- **The store is linearizable**: a read sees what was written last, and of two writers that compare and set the same version, one wins.
- **The store is durable**: what it has acknowledged stays. Redis does so with an append-only file and \`appendfsync always\`. With snapshots alone it does not, and with a flush each second it may lose two seconds of
  writes when it is killed while its disk is busy. If a store loses writes, a process that still holds the newest token set writes it again; no other one can.
- **Nothing else uses the refresh token.** A second program with a copy of it is a second owner.
- Clocks may be wrong, and different on each machine. Only the monotonic clock of one machine is relied on, for waiting.

## The words

A "strict" provider ends the whole login when a refresh token comes a second time. One "with a grace time" gives tokens again. An *intent* is a note in the store that says who refreshes which generation. It is
written before the token request is sent. "Old token served" counts the callers that were given the access token of before the refresh while it was under way.

## How to run one row

Put what stands in its last column behind this:

\`\`\`sh
npx --yes pnpm@12.21.0 exec vitest run --config test/vitest.config.ts
\`\`\`

What takes long is tried a few times in an ordinary run of all tests, and as often as this page says in a full one:

\`\`\`sh
npx --yes pnpm@12.21.0 test -- --full
\`\`\`

${[...groups].map(([name, group]) => `## ${name}\n\n${tableOf(group)}\n`).join("\n")}${notRunOf()}`;

const isSame = withoutCounts(readCommitted()) === withoutCounts(text);
const isWritten = process.env["TOKENFLIGHT_FULL"] === "1" || !isSame;
if (isWritten) writeFileSync(page, text);
const told = isWritten ? "written" : "the same rows, left as the last full run has counted";
process.stdout.write(`docs/reliability.md: ${rows.length} faults in ${groups.size} groups, ${notRun.length} not run; ${told}\n`);
if (process.env["CI"] === "true" && !isSame) {
  process.stderr.write("docs/reliability.md does not have the rows of this run: run the tests and commit it.\n");
  process.exitCode = 1;
}

function notRunOf(): string {
  if (notRun.length === 0) return "";
  return `\n## Not run\n\n${notRun.map(({ alone, reason }) => `- ${reason}: \`${alone}\``).join("\n")}\n`;
}

/** The page without the third column of its tables. */
function withoutCounts(whole: string): string {
  return whole.replaceAll(/^(\| .*? \| .*? )\| .*? (\| `.*)$/gm, "$1$2");
}

function readCommitted(): string {
  try {
    return readFileSync(page, "utf8");
  } catch {
    return "";
  }
}
