import { createHash } from "node:crypto";
import { sealing } from "./seeded-sealing.ts";
import type { Random } from "./random.ts";

/** A reference that lasts: when memory is freed, no seed decides. */
class LastingRef<Target extends WeakKey> {
  readonly #target: Target;
  readonly [Symbol.toStringTag] = "WeakRef";

  constructor(target: Target) {
    this.#target = target;
  }

  deref(): Target {
    return this.#target;
  }
}

/**
 * Core names its intents by `crypto.randomUUID`, hashes its keys and seals values on another thread, and remembers its writes by weak references: chance, and
 * waits that no seed decides. Until the returned function is called, all come from here, at once.
 */
export function seedPlatform(random: Random): () => void {
  const { crypto, WeakRef } = globalThis;
  const hex = (): string => random.whole(0, 0xffff).toString(16).padStart(4, "0");
  const seeded = {
    randomUUID: (): string => `${hex()}${hex()}-${hex()}-${hex()}-${hex()}-${hex()}${hex()}${hex()}`,
    getRandomValues(bytes: Uint8Array): Uint8Array {
      return bytes.map((_, index) => (bytes[index] = random.whole(0, 255)));
    },
    subtle: {
      ...sealing,
      digest(_algorithm: string, data: Uint8Array): Promise<ArrayBuffer> {
        return Promise.resolve(Uint8Array.from(createHash("sha256").update(data).digest()).buffer);
      },
    },
  };
  replace({ crypto: seeded, WeakRef: LastingRef });
  return () => replace({ crypto, WeakRef });
}

function replace(values: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(values))
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
