import { readFileSync } from "node:fs";

/** The version of a package as it is installed for this folder. */
export function versionOf(name: string): string {
  const { version } = JSON.parse(readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), "utf8")) as {
    version: string;
  };
  return version;
}
