import { encryptedStore, memoryStore } from "@tokenflight/core";
import { sqliteStore } from "@tokenflight/sqlite";
import { storeContract } from "../contract/store.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const keys = [{ id: "only", key: crypto.getRandomValues(new Uint8Array(32)) }];

storeContract({
  name: "encrypted store over a memory store",
  differences: {
    holder: "the store beneath has none",
    close: "both handles close the one store beneath",
    dispose: "both handles close the one store beneath",
  },
  async open() {
    const inner = memoryStore();
    const [store, other] = [encryptedStore(inner, { keys }), encryptedStore(inner, { keys })];
    return { store, another: async () => other, close: async () => {} };
  },
});

storeContract({
  name: "encrypted store over a SQLite store",
  async open() {
    const folder = temporaryFolder();
    const path = folder.file("tokens.db");
    const [store, other] = [encryptedStore(sqliteStore({ path }), { keys }), encryptedStore(sqliteStore({ path }), { keys })];
    return {
      store,
      another: async () => other,
      async close() {
        await Promise.all([store.close?.(), other.close?.()]);
        folder[Symbol.dispose]();
      },
    };
  },
});
