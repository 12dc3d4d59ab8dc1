import { existsSync, readFileSync } from "node:fs";

/** Packages that only the benchmarks need, and those of the whole project. */
const folders = ["../node_modules/", "../../../node_modules/"].map((path) => new URL(path, import.meta.url));

/** The version of a package as it is installed for this folder. */
export function versionOf(name: string): string {
  const file = folders.map((folder) => new URL(`${name}/package.json`, folder)).find((path) => existsSync(path));
  if (file === undefined) throw new Error(`The package ${name} is not installed.`);
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  return version;
}
