import { createHash } from "node:crypto";
import type { Random } from "./random.ts";

/**
 * Core names its intents by `crypto.randomUUID` and hashes its keys on another thread: chance and a wait that no seed decides. Until the
 * returned function is called, both come from here, at once.
 */
export function seedCrypto(random: Random): () => void {
  const { crypto } = globalThis;
  const hex = (): string => random.whole(0, 0xffff).toString(16).padStart(4, "0");
  const replaced = {
    randomUUID: (): string => `${hex()}${hex()}-${hex()}-${hex()}-${hex()}-${hex()}${hex()}${hex()}`,
    subtle: {
      digest(_algorithm: string, data: Uint8Array): Promise<ArrayBuffer> {
        return Promise.resolve(Uint8Array.from(createHash("sha256").update(data).digest()).buffer);
      },
    },
  };
  Object.defineProperty(globalThis, "crypto", { value: replaced, configurable: true, writable: true });
  return () => Object.defineProperty(globalThis, "crypto", { value: crypto, configurable: true, writable: true });
}
