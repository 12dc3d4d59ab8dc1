import type { RecordCell, Seen } from "./cell.ts";
import type { Clock } from "../clock.ts";
import { StoreError } from "../errors.ts";
import { decodeRecord, emptyRecord, encodeRecord, type SubjectRecord } from "./record.ts";
import type { TokenStore } from "../store/store.ts";

/** How the subjects of one store get at it. */
export interface StoreAccess {
  readonly store: TokenStore;
  readonly clock: Clock;
  /** Milliseconds that one operation may take. */
  readonly timeout: number;
}

/** One subject's record in a store, under a key that is hashed once. Every call ends within the timeout, whatever the store does. */
export class StoreCell implements RecordCell {
  readonly #access: StoreAccess;
  readonly #identity: string | undefined;
  readonly #subject: string;
  /** While it is being hashed, the promise of it. */
  #key: string | Promise<string> | undefined;

  constructor(access: StoreAccess, identity: string | undefined, subject: string) {
    this.#access = access;
    this.#identity = identity;
    this.#subject = subject;
  }

  async read(): Promise<Seen> {
    const entry = await this.#ask((store, key, signal) => store.read(key, { signal }));
    return entry === undefined
      ? { version: undefined, record: emptyRecord }
      : { version: entry.version, record: decodeRecord(entry.value) };
  }

  async replace(seen: Seen, record: SubjectRecord): Promise<Seen | undefined> {
    const version = await this.#ask((store, key, signal) => store.compareAndSet(key, seen.version, encodeRecord(record), { signal }));
    return version === undefined ? undefined : { version, record };
  }

  watch(changed: () => void): () => void {
    let stop: (() => void) | undefined;
    let stopped = false;
    // A store that cannot watch now gives no hints, which nobody needs.
    this.#hash()
      .then((key) => {
        if (!stopped) stop = this.#access.store.watch?.(key, changed);
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
  }

  async #hash(): Promise<string> {
    this.#key ??= storeKey(this.#identity, this.#subject);
    return (this.#key = await this.#key);
  }

  async #ask<Answer>(operation: (store: TokenStore, key: string, signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    const { store, clock, timeout } = this.#access;
    const key = await this.#hash();
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
        .then(() => operation(store, key, deadline.signal))
        .then((answer) => {
          cancel();
          resolve(answer);
        }, fail);
    });
  }
}

/** SHA-256 of the canonical form, so that no two subjects meet in one entry, whatever characters their names hold. */
export async function storeKey(identity: string | undefined, key: string): Promise<string> {
  const canonical = new TextEncoder().encode(JSON.stringify([identity ?? null, key]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", canonical));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
