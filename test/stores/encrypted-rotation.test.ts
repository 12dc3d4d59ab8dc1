import { createTokenCache, encryptedStore, type EncryptionKey, type TokenCache, type TokenResponse } from "@tokenflight/core";
import { sqliteStore } from "@tokenflight/sqlite";
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { newKey } from "./encrypted-entry.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A token source with the refresh tokens of a strict server: each works once. */
function strictSource(): {
  login(): TokenResponse;
  source: (context: { previous?: { refreshToken?: string | undefined } }) => Promise<TokenResponse>;
} {
  let issued = 0;
  const issue = (): TokenResponse => {
    issued += 1;
    return { access_token: `plain-access-${issued}`, refresh_token: `plain-refresh-${issued}`, expires_in: 600 };
  };
  return {
    login: issue,
    async source({ previous }) {
      if (previous?.refreshToken !== `plain-refresh-${issued}`) throw new Error("A refresh token that was used up.");
      return issue();
    },
  };
}

describe("processes whose store is encrypted", () => {
  it("change the key one after another, lose nothing, and leave no token readable in the file", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    const { login, source } = strictSource();
    const opened: { close(): Promise<void> }[] = [];
    const start = (keys: readonly EncryptionKey[]): TokenCache => {
      const store = encryptedStore(sqliteStore({ path }), { keys });
      opened.push({ close: async () => store.close?.() });
      return createTokenCache({ source, store, identity: "crm", key: "alice" });
    };
    const refresh = async (tokens: TokenCache): Promise<string> => (await tokens.renew(await tokens.get())).accessToken;
    const raw = new DatabaseSync(path);
    const keyId = (): string => String(raw.prepare("SELECT value FROM entries").get()?.["value"]).split(".")[1] ?? "";
    const [old, young] = [newKey("2025"), newKey("2026")];

    const before = start([old]);
    await before.save(login());
    expect(await refresh(before)).toBe("plain-access-2");

    // First every process learns to read the new key, while all write with the old one.
    const [learnt, learntToo] = [start([old, young]), start([old, young])];
    expect(await refresh(learnt)).toBe("plain-access-3");
    expect((await before.renew(await before.get())).accessToken).toBe("plain-access-3");
    expect(keyId()).toBe("2025");

    // Then they write with the new one: an entry is encrypted anew when it is written next, and not before.
    const [changed, late] = [start([young, old]), learntToo];
    expect((await changed.get()).accessToken).toBe("plain-access-3");
    expect(keyId()).toBe("2025");
    expect(await refresh(changed)).toBe("plain-access-4");
    expect(keyId()).toBe("2026");
    expect((await late.get()).accessToken).toBe("plain-access-4");

    // At last the old key is gone.
    const after = start([young]);
    expect(await refresh(after)).toBe("plain-access-5");
    await expect(start([old]).get()).rejects.toMatchObject({ code: "ERR_STORE_RECORD_INVALID" });
    for (const store of opened) await store.close();
    raw.close();
    expect(readFileSync(path).toString("latin1")).not.toMatch(/plain-(access|refresh)/);
  });
});
