/** Writes docs/runtimes.md from the last run of the tests. With CI=true the page that is committed has to be that one already. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

interface Result {
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly status: string;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = `${root}docs/runtimes.md`;
const report = JSON.parse(readFileSync(process.argv[2] ?? `${root}reports/tests.json`, "utf8")) as {
  testResults: { name: string; assertionResults: Result[] }[];
};
const resultsOf = (file: string): readonly Result[] => {
  const results = report.testResults.find(({ name }) => name.endsWith(file))?.assertionResults ?? [];
  if (results.length === 0) throw new Error(`${file} was not part of the run.`);
  return results;
};

const rows = new Map<string, Map<string, string>>();
const notes: string[] = [];
for (const { ancestorTitles, title, status } of resultsOf("test/packaging/runtimes.test.ts")) {
  const [, way = title, reason] = /^(.*?): no, (.*)$/.exec(title) ?? [];
  const [platform] = ancestorTitles;
  // What is tried besides, such as the guide to Next.js, is no cell.
  if (platform === undefined) continue;
  const row = rows.get(way) ?? new Map<string, string>();
  rows.set(way, row.set(platform, status !== "passed" ? "**failed**" : reason === undefined ? "yes" : `no (${noteOf(reason)})`));
}

function noteOf(reason: string): number {
  if (!notes.includes(reason)) notes.push(reason);
  return notes.indexOf(reason) + 1;
}

/** The version of a browser is that of the machine: another one alone makes no other page. */
const withoutBrowserVersions = (text: string): string => text.replaceAll(/(Chromium|Firefox) \([^)]*\)/g, "$1");

const platforms = [...new Set([...rows.values()].flatMap((row) => [...row.keys()]))];
const table = [
  `| | ${platforms.join(" | ")} |`,
  `|---|${platforms.map(() => "---").join("|")}|`,
  ...[...rows].map(([way, row]) => `| ${way} | ${platforms.map((platform) => row.get(platform) ?? "–").join(" | ")} |`),
];
const runners = resultsOf("test/packaging/runners.test.ts").map(
  ({ title, status }) => `| ${title.split(": ")[0]} | ${status === "passed" ? "yes" : "**failed**"} |`,
);

function counted(file: string): string {
  const results = resultsOf(file);
  const failed = results.filter(({ status }) => status !== "passed");
  return failed.length === 0 ? `${results.length} tests` : `**${failed.length} of ${results.length} tests failed**`;
}

const text = `# Where it runs

This page is written by the test run, which installs the packages as they are published and starts them on each platform.

## Platforms

Each cell is one contract: 50 requests with a token that has expired, and 50 with one that was revoked, send one token request each; every request succeeds,
arrives whole and is sent twice at most; a request to a foreign origin, and one that is redirected there, go without the token. The refresh tokens are used once.
"–" means that the platform has nothing of the kind.

${table.join("\n")}

${notes.map((note, index) => `${index + 1}. ${note}.`).join("\n")}

- got, undici and axios's \`http\` adapter need Node's modules, sqlite its \`node:sqlite\`, and Redis a TCP connection: no page has them, nor the edge runtimes. workerd has some
  with \`nodejs_compat\`, which is not tried here.
- A page asks an API of another origin only if its CORS allows the header fields \`authorization\` and, for axios's \`fetch\` adapter in Firefox, \`user-agent\`; a 401 without CORS headers
  cannot be told from a network error. \`Access-Control-Expose-Headers: WWW-Authenticate\` lets the challenge be read.
- Next.js calls its edge runtime deprecated.

## React Native

fetch (also with a \`Request\`) and axios pass the same storm, and oauth obtains a token, in a realm that has what React Native gives a program: its fetch, which is \`whatwg-fetch\` over XMLHttpRequest,
no streams, no \`crypto\`, no events and nothing that is younger than 2021 (${counted("test/packaging/react-native.test.ts")}). Its own \`URL\` throws at most members in many versions: nobody can tell
with that where a request goes, so that \`bearer\`, \`attachBearer\` and \`createOAuthClient\` throw an \`InvalidOptionError\`, before any request is sent, until a polyfill such as
\`react-native-url-polyfill\` is imported. A store other than \`memoryStore\` needs \`crypto.subtle\`, and is refused without. ky itself needs \`AbortSignal.any\`. The platform follows
redirects itself, as in a page. It was not tried on a device.

## Test runners

The first page ([quick start](quick-start.md)) as one test, in a folder as \`npm init -y\` leaves it. Jest cannot load got and ky in its default set-up, because they are published as
ES modules only: babel has to translate them and what they import (\`"transformIgnorePatterns": []\` translates everything that is imported), or tests are ES modules themselves, with
\`node --experimental-vm-modules\`, and need nothing else. jsdom under Jest has no \`fetch\`, so there the test obtains its token with axios, and what needs \`fetch\` says that there is none.

| runner | passes |
|---|---|
${runners.join("\n")}
`;

const before = existsSync(page) ? readFileSync(page, "utf8") : "";
const isSame = withoutBrowserVersions(before) === withoutBrowserVersions(text);
if (!isSame) writeFileSync(page, text);
process.stdout.write(`docs/runtimes.md: ${platforms.length} platforms, ${rows.size} clients, ${runners.length} test runners\n`);
if (process.env["CI"] === "true" && !isSame) {
  process.stderr.write("docs/runtimes.md is not the page of this run: run the tests and commit it.\n");
  process.exitCode = 1;
}
