import type { TokenStore } from "@tokenflight/core";

export interface CountedStore {
  readonly store: TokenStore;
  /** Operations since the last time that this was asked. */
  operations(): { reads: number; writes: number };
}

/** Counts what goes to a store. An operation is one script in Redis, and one transaction in SQLite: one round trip. */
export function countedStore(inner: TokenStore): CountedStore {
  let reads = 0;
  let writes = 0;
  return {
    store: {
      ...inner,
      read(key, options) {
        reads += 1;
        return inner.read(key, options);
      },
      compareAndSet(key, expected, value, options) {
        writes += 1;
        return inner.compareAndSet(key, expected, value, options);
      },
    },
    operations() {
      const counted = { reads, writes };
      reads = 0;
      writes = 0;
      return counted;
    },
  };
}
