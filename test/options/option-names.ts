import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** What no caller gives: parts of Node's and of axios's requests, and of records of ours. */
const internal = new Set(
  `_currentRequest _header _options _redirectable location newest outputData res responseURL sentHeaders slots socket stream
  doubtful hint holder intent lineage loginRequired others overdue pause seed takeLate tokenSet tokens trouble unresolved`.split(/\s+/),
);

/** Every optional property that the sources of the packages declare, and that a caller may leave out. */
export function optionNames(): string[] {
  const names = new Set<string>();
  for (const path of globSync("packages/*/src/**/*.ts", { cwd: root })) {
    const text = readFileSync(`${root}${path}`, "utf8");
    for (const [, name = ""] of text.matchAll(/[\s{(,](?:readonly )?(\w+)\?:/g)) if (!internal.has(name)) names.add(name);
  }
  return [...names].toSorted();
}
