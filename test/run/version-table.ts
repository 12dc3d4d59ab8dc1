import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { waysOfUse } from "../clients/clients.ts";
import { tableOf, withinMarks } from "./page-parts.ts";

interface Manifest {
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly engines: Readonly<Record<string, string>>;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const manifest = (folder: string): Manifest => JSON.parse(readFileSync(`${root}${folder}package.json`, "utf8")) as Manifest;

const clients = ["axios", "got", "ky", "undici"];

/** The version that a development dependency brings, whichever name it has here. */
function installed(name: string): string {
  const version = manifest("").devDependencies[name];
  if (version === undefined) throw new Error(`${name} is no development dependency.`);
  return version.replace(/^npm:.*@/, "");
}

/** The range of an adapter's peer, its lowest version, and the newest one. Throws Error where the contract does not run on both. */
function rowOf(client: string): string[] {
  const range = manifest(`packages/${client}/`).peerDependencies[client] ?? "";
  const [lowest, newest] = [installed(`${client}-lowest`), installed(client)];
  if (!range.startsWith(`^${lowest}`))
    throw new Error(`${client}: the range ${range} does not begin with ${lowest}, the lowest version that is tried.`);
  const names = waysOfUse.map(({ name }) => name);
  const isTried = names.some((name) => name.startsWith(`${client} `) && lowest.startsWith(name.slice(client.length + 1)));
  if (!isTried || !names.includes(client)) throw new Error(`The adapter contract does not run on ${client} ${lowest} and ${newest}.`);
  // A bar would end the cell.
  return [client, range.replaceAll(" || ", " or "), lowest, newest];
}

/** The table of docs/versions.md. */
export function versionTable(): string {
  const node = manifest("packages/core/").engines["node"] ?? "";
  const lowestNode = installed("node-lowest");
  if (!lowestNode.startsWith(node.replace(/^>=/, "")))
    throw new Error(`Node ${lowestNode}, the lowest that is tried, is not the lowest of ${node}.`);
  return tableOf(
    ["", "range", "lowest tried", "newest tried"],
    [...clients.map(rowOf), ["Node, and its `fetch`", node, lowestNode, installed("node")]],
  );
}

/** That page with the table in its place. */
export function withVersionTable(page: string): string {
  return withinMarks(page, "The table is written by test/run/versions-page.ts.", versionTable());
}
