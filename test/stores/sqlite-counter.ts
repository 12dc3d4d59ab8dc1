/** Counts up in a SQLite store: `sqlite-counter.ts <file> <times>`. As a process it prints each number that was acknowledged. */
import { sqliteStore } from "@tokenflight/sqlite";
import { writeSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const [path = "", times = ""] = process.argv.slice(2);
const store = sqliteStore({ path });
for (let done = 0; done < Number(times);) {
  const entry = await store.read("counter");
  const next = String(Number(entry?.value ?? 0) + 1);
  if ((await store.compareAndSet("counter", entry?.version, next)) === undefined) continue;
  done += 1;
  // At once, and by the system itself: what is printed is in the pipe even if this process is killed now.
  if (isMainThread) writeSync(1, `${next}\n`);
}
await store.close?.();
