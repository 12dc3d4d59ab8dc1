import { memoryStore } from "@tokenflight/core";
import { storeContract } from "../contract/store.ts";

storeContract({
  name: "memory store",
  differences: { holder: "whoever shares it ends with it" },
  open: async () => ({ store: memoryStore(), close: async () => {} }),
});
