/** What of a server's configuration can lose writes that it has acknowledged. */
export interface RedisWarning {
  /** "eviction": Redis may drop entries when its memory is full. "persistence": a restart may lose what was written last. */
  readonly code: "eviction" | "persistence";
  /** The same in words. */
  readonly message: string;
}

/** Reads the answer to INFO. What it does not say is not warned of. */
export function warningsOf(info: string): RedisWarning[] {
  const facts = new Map(info.split(/\r?\n/).map((line) => line.split(":", 2) as [string, string | undefined]));
  const warnings: RedisWarning[] = [];
  if (facts.get("aof_enabled") === "0") {
    const message =
      "This Redis has no append-only file: when it ends unexpectedly, it loses token sets that it has acknowledged, and with them sessions whose refresh tokens work only once. Set appendonly to yes and appendfsync to always.";
    warnings.push({ code: "persistence", message });
  }
  const policy = facts.get("maxmemory_policy");
  if (policy !== undefined && policy !== "noeviction" && facts.get("maxmemory") !== "0") {
    const message = `This Redis removes entries when its memory is full (maxmemory-policy ${policy}), among them token sets. Set it to noeviction.`;
    warnings.push({ code: "eviction", message });
  }
  return warnings;
}
