import type { DatabaseSync } from "node:sqlite";

/**
 * Carries work out as one write, or not at all. A transaction that begins as a reader would fail at its first write after somebody
 * else's, whatever the timeout; this one begins as a writer, and throws SQLite's busy error when there is another. With "read", work that only reads
 * sees the file as it is at one moment.
 */
export function transaction<Result>(connection: DatabaseSync, work: () => Result, does: "write" | "read" = "write"): Result {
  connection.exec(does === "write" ? "BEGIN IMMEDIATE" : "BEGIN");
  try {
    const result = work();
    connection.exec("COMMIT");
    return result;
  } catch (error) {
    try {
      connection.exec("ROLLBACK");
    } catch {
      // SQLite has rolled back already, as it does after a full disk or a failed read.
    }
    throw error;
  }
}
