import { sqliteStore } from "@tokenflight/sqlite";
import { storeContract } from "../contract/store.ts";
import { temporaryFolder } from "./temporary-folder.ts";

storeContract({
  name: "SQLite store",
  async open() {
    const folder = temporaryFolder();
    const path = folder.file("tokens.db");
    const [store, another] = [sqliteStore({ path }), sqliteStore({ path })];
    return {
      store,
      another: async () => another,
      async close() {
        await Promise.all([store.close(), another.close()]);
        folder[Symbol.dispose]();
      },
    };
  },
});
