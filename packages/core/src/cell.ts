import type { Clock } from "./clock.ts";
import { StoreError } from "./errors.ts";
import { decodeRecord, emptyRecord, encodeRecord, type SubjectRecord } from "./record.ts";
import type { TokenStore, Version } from "./store.ts";

export interface Seen {
  /** Undefined when there is no entry. */
  readonly version: Version | undefined;
  readonly record: SubjectRecord;
}

/** The place of one subject's record: shared through a store, or private to a cache. */
export interface RecordCell {
  read(): Promise<Seen>;
  /** Resolves to what now stands, or to undefined when somebody was faster. */
  replace(seen: Seen, record: SubjectRecord): Promise<Seen | undefined>;
  /** Calls back when the entry may have changed, until the returned function is called. */
  watch(changed: () => void): () => void;
}

/** Holds the record as it is, for a cache that shares with nobody. */
export function privateCell(initial: SubjectRecord = emptyRecord): RecordCell {
  let seen: Seen = { version: undefined, record: initial };
  return {
    async read() {
      return seen;
    },
    async replace(expected, record) {
      if (expected.version !== seen.version) return undefined;
      seen = { version: String(Number(seen.version ?? 0) + 1), record };
      return seen;
    },
    // Only its own cache writes here, and knows what it wrote.
    watch: () => () => {},
  };
}

/** The record in a store, under a key that is hashed once. Every call ends within `timeout` milliseconds, whatever the store does. */
export function storeCell(store: TokenStore, key: () => Promise<string>, timeout: number, clock: Clock): RecordCell {
  let hashed: Promise<string> | undefined;

  async function ask<Answer>(operation: (key: string, signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    hashed ??= key();
    const name = await hashed;
    const deadline = new AbortController();
    return new Promise<Answer>((resolve, reject) => {
      const fail = (cause?: unknown): void => {
        cancel();
        // A store that says what is wrong with an entry is believed.
        if (cause instanceof StoreError) return reject(cause);
        const message = deadline.signal.aborted
          ? `The store did not answer within ${timeout} ms.`
          : "The store failed; its error is the cause.";
        reject(new StoreError("ERR_STORE_UNAVAILABLE", message, cause === undefined ? undefined : { cause }));
      };
      const cancel = clock.schedule(() => {
        deadline.abort();
        fail();
      }, timeout);
      // The call stands inside a promise's handler so that a store that throws synchronously fails in the same way.
      Promise.resolve()
        .then(() => operation(name, deadline.signal))
        .then((answer) => {
          cancel();
          resolve(answer);
        }, fail);
    });
  }

  return {
    async read() {
      const entry = await ask((name, signal) => store.read(name, { signal }));
      return entry === undefined
        ? { version: undefined, record: emptyRecord }
        : { version: entry.version, record: decodeRecord(entry.value) };
    },
    async replace(seen, record) {
      const version = await ask((name, signal) => store.compareAndSet(name, seen.version, encodeRecord(record), { signal }));
      return version === undefined ? undefined : { version, record };
    },
    watch(changed) {
      let stop: (() => void) | undefined;
      let stopped = false;
      hashed ??= key();
      // A store that cannot watch now gives no hints, which nobody needs.
      hashed
        .then((name) => {
          if (!stopped) stop = store.watch?.(name, changed);
        })
        .catch(() => {});
      return () => {
        stopped = true;
        try {
          stop?.();
        } catch {
          // The hints that still come are not listened to.
        }
      };
    },
  };
}

/** SHA-256 of the canonical form, so that no two subjects meet in one entry, whatever characters their names hold. */
export async function storeKey(identity: string | undefined, key: string): Promise<string> {
  const canonical = new TextEncoder().encode(JSON.stringify([identity ?? null, key]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", canonical));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
