/**
 * Holds a SQLite store and tells its name, as a process or as a worker thread: `sqlite-holder.ts <file> [stay]`. It stays until it is ended from
 * outside, or ends by itself, and closes nothing.
 */
import { sqliteStore } from "@tokenflight/sqlite";
import { isMainThread, parentPort } from "node:worker_threads";

const [path = "", end] = process.argv.slice(2);
const name = await sqliteStore({ path }).holder();
if (end === "stay") setInterval(() => {}, 1000);
// Nothing reaches the store any more: asked by a signal, a process collects it if it can be collected.
if (isMainThread && end === "stay")
  process.on("SIGUSR2", () => {
    for (let round = 0; round < 3; round += 1) setImmediate(() => globalThis.gc?.());
    setTimeout(() => process.stdout.write("collected\n"), 50);
  });
if (parentPort === null) process.stdout.write(`${name}\n`);
else parentPort.postMessage(name, []);
