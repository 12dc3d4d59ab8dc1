import { memoryStore } from "@tokenflight/core";
import { storeContract } from "../contract/store.ts";

storeContract({
  name: "memory store",
  open: async () => ({ store: memoryStore(), close: async () => {} }),
});
