import type { DatabaseSync } from "node:sqlite";

/**
 * Carries work out as one write, or not at all. A transaction that begins as a reader would fail at its first write after somebody
 * else's, whatever the timeout; this one begins as a writer, and throws SQLite's busy error when there is another.
 */
export function transaction<Result>(connection: DatabaseSync, work: () => Result): Result {
  connection.exec("BEGIN IMMEDIATE");
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
