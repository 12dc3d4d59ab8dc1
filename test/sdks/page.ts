import { readFileSync } from "node:fs";
import { hosts, libraries, type Works } from "./works.ts";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

/** The version that is tried. Throws Error for a package that is not installed. */
export function versionOf(name: string): string {
  for (const folder of ["node_modules", "../../node_modules"]) {
    try {
      return (JSON.parse(read(`${folder}/${name}/package.json`)) as { version: string }).version;
    } catch {
      // It may be in the next one.
    }
  }
  throw new Error(`${name} is not installed.`);
}

/** What the page shows of a file: the packages that it imports, and the lines between its marks. */
export function shownOf(source: string): string {
  const imports = source.split("\n").filter((line) => line.startsWith("import ") && !/^import type|from "\.\.?\//.test(line));
  const [, lines = ""] = /^ *\/\/ Shown:\n(.*?)^ *\/\/ Until here\.$/ms.exec(source) ?? [];
  const dedented = lines.replaceAll(/^ {2}/gm, "").trimEnd();
  if (dedented === "") throw new Error("A file shows nothing.");
  return [...imports, ...(imports.length === 0 ? [] : [""]), dedented].join("\n");
}

function sectionOf(folder: "libraries" | "hosts", { file, title, note }: Works): string {
  const code = `\`\`\`ts\n${shownOf(read(`${folder}/${file}.ts`))}\n\`\`\``;
  return [`### ${title}`, code, ...(note === undefined ? [] : [note])].join("\n\n");
}

function tableOf(works: readonly Works[]): string {
  const rows = works.map((one) => `| ${one.title} | \`${one.package}\` ${versionOf(one.package)} | ${one.seam} |`);
  return ["| | tried with | where it goes |", "|---|---|---|", ...rows].join("\n");
}

/** The page, from the files of this folder and the versions that are installed. */
export function renderPage(): string {
  return `# Works as it is in

<!-- This page is written by test/sdks/write-page.ts, from the files that test/sdks/works-as-it-is.test.ts runs. -->

SDKs and hosts that take our function as it is, with the lines that it takes. Each was run as it stands here against a server of this machine that refuses the first token: the call
succeeded, and the same request, its body too, had been sent once more with the next token. Types compile without a cast.
[An SDK that takes \`fetch\`](guides/sdk-author.md) has a whole program, and what authors of SDKs do.

## SDKs that call an API

${tableOf(libraries)}

\`tokens\` is a token cache, such as \`createTokenCache({ source: client.clientCredentials() })\`, and \`origin\` the API's own, such as \`https://api.example.com\`.

${libraries.map((one) => sectionOf("libraries", one)).join("\n\n")}

## Clients of MCP servers

${tableOf(hosts)}

\`server\` is \`login.for(url)\` of [\`@tokenflight/mcp\`](../packages/mcp/README.md): nobody has logged in before the first line, and each was sent to the browser once. Then the server revoked the access
token; three calls at once were refused, and succeeded.

${hosts.map((one) => sectionOf("hosts", one)).join("\n\n")}

## What does not work

- **A key of one's own wins.** An SDK that is given a real key, or a client of \`google-auth-library\`, sends that, and our token stays off: \`observe\` tells \`request-without-token\`, "own-credentials".
- **A host without a place for a fetch function** has its provider only, with the costs that are said above for \`@langchain/mcp-adapters\`.
- **What signs each request with a secret**, as AWS's SDK does (Signature Version 4), takes no bearer token.
- **Errors**: SDKs take what a fetch function rejects with for an error of the network. Some try again first, and some keep it as \`cause\` only.
`;
}
