/** Writes and watches, and closes nothing: `sqlite-watcher.ts <file>`. */
import { sqliteStore } from "@tokenflight/sqlite";

const store = sqliteStore({ path: process.argv[2] ?? "" });
store.watch?.("key", () => {});
await store.compareAndSet("key", undefined, "one");
process.stdout.write("watching\n");
