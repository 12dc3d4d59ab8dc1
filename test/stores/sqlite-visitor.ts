/**
 * Visits a SQLite store as another user, and prints what it finds: `sqlite-visitor.ts <file> <group>`. Root may use any file, and becomes
 * somebody else first, who is in the group of root, or in one of their own.
 */
import { sqliteStore } from "@tokenflight/sqlite";

const [path = "", group] = process.argv.slice(2);
if (process.getuid?.() === 0) {
  if (group === "nobody") {
    process.setgroups?.([]);
    process.setgid?.(65_534);
  }
  process.setuid?.(65_534);
}
const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

const found: Record<string, unknown> = {};
const store = sqliteStore({ path, warn: () => {} });
try {
  const entry = await store.read("key");
  found["value"] = entry?.value;
  found["writing"] = await store.compareAndSet("key", entry?.version, "changed").then(() => "written", codeOf);
  found["valueAfterwards"] = (await store.read("key"))?.value;
  found["holding"] = await store.holder().then(() => "held", codeOf);
} catch (error) {
  found["reading"] = codeOf(error);
}
await store.close();
process.stdout.write(JSON.stringify(found));
