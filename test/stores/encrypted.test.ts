import { encryptedStore, memoryStore } from "@tokenflight/core";
import { storeContract } from "../contract/store.ts";

const keys = [{ id: "only", key: crypto.getRandomValues(new Uint8Array(32)) }];

storeContract({
  name: "encrypted store over a memory store",
  async open() {
    const inner = memoryStore();
    const [store, other] = [encryptedStore(inner, { keys }), encryptedStore(inner, { keys })];
    return { store, another: async () => other, close: async () => {} };
  },
});
