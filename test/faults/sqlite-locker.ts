/** Holds the write lock of a SQLite file until its input ends: `sqlite-locker.ts <file>`, as a process or as a worker thread. */
import { DatabaseSync } from "node:sqlite";

const [path = ""] = process.argv.slice(2);
const connection = new DatabaseSync(path, { timeout: 5000 });
connection.exec("BEGIN IMMEDIATE");
process.stdin.once("end", () => connection.close()).resume();
process.stdout.write("locked\n");
