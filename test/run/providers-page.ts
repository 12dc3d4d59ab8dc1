/** Writes the table of providers in oauth's README, and docs/providers.md, from the profiles. With CI=true they have to be committed already. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { providersPage, withProviderTable } from "./provider-table.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pages: readonly (readonly [path: string, write: (before: string) => string])[] = [
  ["packages/oauth/README.md", withProviderTable],
  ["docs/providers.md", providersPage],
];

for (const [path, write] of pages) {
  const before = readCommitted(root + path);
  const text = write(before);
  if (text !== before) writeFileSync(root + path, text);
  process.stdout.write(`${path}: ${text === before ? "the same" : "written"}\n`);
  if (process.env["CI"] === "true" && text !== before) {
    process.stderr.write(`${path} is not what the profiles say: run test/run/providers-page.ts and commit it.\n`);
    process.exitCode = 1;
  }
}

function readCommitted(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
