import { DatabaseSync } from "node:sqlite";
import { testSqliteFaults, type SqliteSetting } from "./sqlite-trouble.ts";
import { catchConnections, tellConnections } from "./store-connections.ts";
import { goesOn, outlast, outlastInMidRequest, writesAgain, type StoreTrouble } from "./store-trouble.ts";

catchConnections();

/** Puts other subjects' entries into the file until the next one would need a new page. Resolves to the pages it has. */
function fill(path: string): number {
  const connection = new DatabaseSync(path, { timeout: 5000 });
  const pages = (): number => Number(connection.prepare("PRAGMA page_count").get()?.["page_count"]);
  const insert = connection.prepare("INSERT INTO entries VALUES (hex(randomblob(4)), 1, ?)");
  const before = pages();
  connection.exec("BEGIN IMMEDIATE");
  // In smaller and smaller pieces, so that at last not even an intent has room.
  for (const length of [400, 40, 4]) {
    for (;;) {
      connection.exec("SAVEPOINT before");
      insert.run("x".repeat(length));
      if (pages() > before) break;
      connection.exec("RELEASE before");
    }
    connection.exec("ROLLBACK TO before; RELEASE before");
  }
  connection.exec("COMMIT");
  connection.close();
  return before;
}

/** Full: the file may not have one page more than it has. Token sets of a later day are larger, as they tend to become. */
const full = ({ path }: SqliteSetting): StoreTrouble => ({
  begin: async () => tellConnections(path, `PRAGMA max_page_count = ${fill(path)}`),
  end: async () => tellConnections(path, "PRAGMA max_page_count = 4294967294"),
  says: "disk is full",
  answer: (tokens) => ({ ...tokens, note: "x".repeat(4000) }),
});

const readOnly = ({ path }: SqliteSetting): StoreTrouble => ({
  begin: async () => tellConnections(path, "PRAGMA query_only = ON"),
  end: async () => tellConnections(path, "PRAGMA query_only = OFF"),
  says: "readonly",
});

testSqliteFaults("a SQLite file that takes no writes", [
  { fault: "full (max_page_count) for a while", expected: goesOn, run: (setting) => outlast(setting.login, full(setting)) },
  {
    fault: "full (max_page_count) during a token request",
    expected: writesAgain,
    run: (setting) => outlastInMidRequest(setting.login, full(setting)),
  },
  { fault: "read-only (query_only) for a while", expected: goesOn, run: (setting) => outlast(setting.login, readOnly(setting)) },
  {
    fault: "read-only (query_only) during a token request",
    expected: writesAgain,
    run: (setting) => outlastInMidRequest(setting.login, readOnly(setting)),
  },
]);
