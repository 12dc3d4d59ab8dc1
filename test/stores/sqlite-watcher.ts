/** Writes, watches and holds, and closes nothing: `sqlite-watcher.ts <file>`. */
import { sqliteStore } from "@tokenflight/sqlite";

const store = sqliteStore({ path: process.argv[2] ?? "" });
store.watch("key", () => {});
store.watchAll(() => {});
await store.holder();
await store.compareAndSet("key", undefined, "one", { ttl: 1000 });
process.stdout.write("watching\n");
