import { DatabaseSync } from "node:sqlite";
import { vi } from "vitest";

/** What was said to the connections of each file, and to those that will be opened. */
const sentences = new Map<string, string>();
const connections = new Map<string, Set<DatabaseSync>>();
let caught: (typeof DatabaseSync.prototype)["exec"] | undefined;

/**
 * Says something to every connection that this process has to a file, those of stores included, and to each that is opened later. Some
 * of what can befall a file, such as a full disk, SQLite can do to a connection only.
 */
export function tellConnections(path: string, sql: string): void {
  sentences.set(path, sql);
  for (const connection of connections.get(path) ?? []) if (connection.isOpen) caught?.call(connection, sql);
}

/** From here on connections are known. Called once, before any file is opened. */
export function catchConnections(): void {
  caught = DatabaseSync.prototype.exec;
  const exec = caught;
  vi.spyOn(DatabaseSync.prototype, "exec").mockImplementation(function (this: DatabaseSync, sql) {
    exec.call(this, sql);
    const path = this.location() ?? "";
    const known = connections.get(path) ?? new Set();
    if (known.has(this)) return;
    connections.set(path, known.add(this));
    const sentence = sentences.get(path);
    if (sentence !== undefined) exec.call(this, sentence);
  });
}
