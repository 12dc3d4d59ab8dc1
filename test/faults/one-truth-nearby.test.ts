import { createTokenCache, LoginRequiredError, memoryStore, type TokenCache, type TokenStore } from "@tokenflight/core";
import { sqliteStore } from "@tokenflight/sqlite";
import { expect, it } from "vitest";
import { temporaryFolder } from "../stores/temporary-folder.ts";
import { noteRow } from "./fault-row.ts";

const runs = 20;

it("two caches of one process have the same truth at once", async ({ task }) => {
  using folder = temporaryFolder();
  const sqlite = sqliteStore({ path: folder.file("tokens.db") });
  const stores: readonly TokenStore[] = [memoryStore(), sqlite];
  let oldTokens = 0;
  let wrong = 0;
  for (const store of stores) {
    const source = async (): Promise<never> => {
      throw new LoginRequiredError("Nobody is asked here.");
    };
    const open = (): TokenCache => createTokenCache({ source, store, identity: "crm", key: "user" });
    const [one, two] = [open(), open()];
    for (let run = 0; run < runs; run += 1) {
      const [alice, bob] = [`alice-${run}`, `bob-${run}`];
      const look = async (now: string | undefined): Promise<void> => {
        const peeked = two.peek()?.accessToken;
        if (peeked !== undefined && peeked !== now) oldTokens += 1;
        const got = await two.get().catch((error: unknown) => {
          if (!(error instanceof LoginRequiredError)) throw error;
        });
        if (got?.accessToken !== now) wrong += 1;
      };
      await one.save({ access_token: alice, expires_in: 600 });
      await look(alice);
      await one.save({ access_token: bob, expires_in: 600 });
      await look(bob);
      await one.forget();
      await look(undefined);
    }
  }
  await sqlite.close();
  const counts = { runs: runs * stores.length, "old tokens given after the change": oldTokens, "calls that got anything else": wrong };
  noteRow(task, {
    group: "One truth",
    fault: "two caches of one process share a login, and one of them logs in, logs in as another user, logs out: memory and SQLite",
    expected: "the other one knows when the call has ended",
    counts,
  });
  expect(counts).toEqual({ runs: runs * stores.length, "old tokens given after the change": 0, "calls that got anything else": 0 });
});
