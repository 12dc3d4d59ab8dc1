/**
 * Visits a SQLite store as a user who may not write its file, and prints what it finds: `sqlite-visitor.ts <file>`. Root may write any
 * file, and becomes somebody else first.
 */
import { sqliteStore } from "@tokenflight/sqlite";

if (process.getuid?.() === 0) process.setuid?.(65_534);
const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

const found: Record<string, unknown> = {};
try {
  const store = sqliteStore({ path: process.argv[2] ?? "" });
  const entry = await store.read("key");
  found["value"] = entry?.value;
  found["writing"] = await store.compareAndSet("key", entry?.version, "changed").catch(codeOf);
  found["valueAfterwards"] = (await store.read("key"))?.value;
  await store.close?.();
} catch (error) {
  found["opening"] = codeOf(error);
}
process.stdout.write(JSON.stringify(found));
