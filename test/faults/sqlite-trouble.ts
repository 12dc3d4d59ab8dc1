import { sqliteStore } from "@tokenflight/sqlite";
import { describe, it } from "vitest";
import { temporaryFolder } from "../stores/temporary-folder.ts";
import { noteRow } from "./fault-row.ts";
import { startSharedLogin, type SharedLogin } from "./shared-login.ts";

/** What a test of one fault is given: a file of its own, and a login that is shared through it. */
export interface SqliteSetting {
  readonly path: string;
  readonly login: SharedLogin;
}

export interface SqliteFault {
  /** What is done, for the page. */
  readonly fault: string;
  /** What the test holds, as a sentence without its full stop. */
  readonly expected: string;
  readonly run: (setting: SqliteSetting) => Promise<void>;
}

/** One test for each fault, with a file of its own, and one row of the page from it. */
export function testSqliteFaults(name: string, faults: readonly SqliteFault[]): void {
  describe(name, () => {
    for (const { fault, expected, run } of faults) {
      it.concurrent(fault, { timeout: 60_000 }, async ({ task }) => {
        using folder = temporaryFolder();
        const path = folder.file("tokens.db");
        const open = async (): Promise<{ store: ReturnType<typeof sqliteStore> } & AsyncDisposable> => {
          const store = sqliteStore({ path });
          return { store, [Symbol.asyncDispose]: async () => store.close?.() };
        };
        await using login = await startSharedLogin({ open });
        await run({ path, login });
        noteRow(task, { group: "SQLite", fault, expected, counts: login.counts() });
      });
    }
  });
}
