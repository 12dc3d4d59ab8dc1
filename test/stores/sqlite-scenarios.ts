/** Plays the scenarios of the store contract with a SQLite store, without a test runner, in whatever runtime. */
import { storeScenarios } from "@tokenflight/core/testing";
import { sqliteStore } from "@tokenflight/sqlite";
import { temporaryFolder } from "./temporary-folder.ts";

for (const { id, run } of storeScenarios) {
  const folder = temporaryFolder();
  const path = folder.file("tokens.db");
  const [store, other] = [sqliteStore({ path }), sqliteStore({ path })];
  await run({ store, other, key: crypto.randomUUID() });
  await Promise.all([store.close?.(), other.close?.()]);
  folder[Symbol.dispose]();
  process.stdout.write(`ok ${id}\n`);
}
