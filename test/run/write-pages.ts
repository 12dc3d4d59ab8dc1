import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A page, by its path in the project, and what is written of what it is now ("" if there is none). */
export type Page = readonly [path: string, write: (before: string) => string];

/** Writes pages. With CI=true they have to be written and committed already; `program` is what to run otherwise. */
export function writePages(pages: readonly Page[], program: string): void {
  for (const [path, write] of pages) {
    const before = readCommitted(root + path);
    const text = write(before);
    if (text !== before) writeFileSync(root + path, text);
    process.stdout.write(`${path}: ${text === before ? "the same" : "written"}\n`);
    if (process.env["CI"] === "true" && text !== before) {
      process.stderr.write(`${path} is not what ${program} writes: run it and commit the page.\n`);
      process.exitCode = 1;
    }
  }
}

function readCommitted(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
