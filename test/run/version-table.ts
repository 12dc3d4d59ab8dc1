import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { waysOfUse } from "../clients/clients.ts";
import { allRedisDrivers } from "../stores/redis-drivers.ts";
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

/** The range of a package's peer, its lowest version, and the newest one. Throws Error where the range begins with another version. */
function rowOf(folder: string, peer: string): string[] {
  const range = manifest(`packages/${folder}/`).peerDependencies[peer] ?? "";
  const [lowest, newest] = [installed(`${peer}-lowest`), installed(peer)];
  if (!range.startsWith(`^${lowest}`))
    throw new Error(`${peer}: the range ${range} does not begin with ${lowest}, the lowest version that is tried.`);
  // A bar would end the cell.
  return [peer, range.replaceAll(" || ", " or "), lowest, newest];
}

/** Throws Error where the adapter contract does not run on the lowest and the newest version. */
function clientRow(client: string): string[] {
  const names = waysOfUse.map(({ name }) => name);
  const lowest = installed(`${client}-lowest`);
  const isTried = names.some((name) => name.startsWith(`${client} `) && lowest.startsWith(name.slice(client.length + 1)));
  if (!isTried || !names.includes(client))
    throw new Error(`The adapter contract does not run on ${client} ${lowest} and ${installed(client)}.`);
  return rowOf(client, client);
}

/** Throws Error where the tests of the Redis store do not run on the lowest and the newest version. `name` is what they call the client. */
function driverRow(peer: string, name: string): string[] {
  const names = new Set(allRedisDrivers.map((driver) => driver.name));
  const isTried = names.has(name) && names.has(`${name}-${installed(`${peer}-lowest`)}`);
  if (!isTried) throw new Error(`The tests of the Redis store do not run on the lowest and the newest version of ${peer}.`);
  return rowOf("redis", peer);
}

/** The table of docs/versions.md. */
export function versionTable(): string {
  const node = manifest("packages/core/").engines["node"] ?? "";
  const lowestNode = installed("node-lowest");
  if (!lowestNode.startsWith(node.replace(/^>=/, "")))
    throw new Error(`Node ${lowestNode}, the lowest that is tried, is not the lowest of ${node}.`);
  return tableOf(
    ["", "range", "lowest tried", "newest tried"],
    [
      ...clients.map(clientRow),
      driverRow("ioredis", "ioredis"),
      driverRow("redis", "node-redis"),
      ["Node, and its `fetch`", node, lowestNode, installed("node")],
    ],
  );
}

/** That page with the table in its place. */
export function withVersionTable(page: string): string {
  return withinMarks(page, "The table is written by test/run/versions-page.ts.", versionTable());
}
