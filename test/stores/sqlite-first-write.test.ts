import { createTokenCache } from "@tokenflight/core";
import { sqliteStore } from "@tokenflight/sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

const source = (): Promise<never> => Promise.reject(new Error("Nobody should ask."));
const login = { access_token: "access-1", refresh_token: "refresh-1", expires_in: 3600 };

describe("a login into a file that does not exist yet", () => {
  it.each([false, true])(
    "as the first operation stays known, while the store looks at its file; somebody had listened before: %s",
    async (hasListened) => {
      using folder = temporaryFolder();
      await using store = sqliteStore({ path: folder.file("tokens.db") });
      if (hasListened) store.watchAll(() => {});
      await using tokens = createTokenCache({ store, identity: "crm", key: "alice", source });
      await tokens.save(login);
      // Two looks at the file, and each moment in between.
      for (const end = performance.now() + 150; performance.now() < end; await delay(5)) {
        expect([tokens.status().state, tokens.peek()?.accessToken]).toEqual(["logged-in", "access-1"]);
      }
    },
  );

  it("by one handle is found by another one that watched before there was a file", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    await using first = sqliteStore({ path });
    await using second = sqliteStore({ path });
    const [writer, reader] = [first, second].map((store) => createTokenCache({ store, identity: "crm", key: "alice", source }));
    expect(await reader?.reread()).toBeUndefined();
    await writer?.save(login);
    const end = performance.now() + 5000;
    while (reader?.status().state !== "logged-in" && performance.now() < end) {
      // A status asks nobody; a request that finds the entry changed looks.
      await reader?.get().catch(() => {});
      await delay(10);
    }
    expect([reader?.peek()?.accessToken, writer?.peek()?.accessToken]).toEqual(["access-1", "access-1"]);
    await Promise.all([writer?.close(), reader?.close()]);
  });
});
