import { waitFor, withDeadline, type Clock } from "../clock.ts";
import { StoreError } from "../errors.ts";
import { storeKey, type TokenStore } from "../store/store.ts";
import type { RecordCell, VersionedRecord } from "./cell.ts";
import { decodeRecord, emptyRecord, encodeRecord, type SubjectRecord } from "./record.ts";

/** What the cells of all subjects in one store have in common. */
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
  /** The promise of the key while it is being hashed. */
  #key: string | Promise<string> | undefined;

  constructor(access: StoreAccess, identity: string | undefined, subject: string) {
    this.#access = access;
    this.#identity = identity;
    this.#subject = subject;
  }

  async read(): Promise<VersionedRecord> {
    const entry = await this.#ask(async (store, key, signal) => store.read(key, { signal }));
    return { version: entry?.version, record: entry === undefined ? emptyRecord : decodeRecord(entry.value) };
  }

  async replace(seen: VersionedRecord, record: SubjectRecord): Promise<VersionedRecord | undefined> {
    const version = await this.#ask(async (store, key, signal) => store.compareAndSet(key, seen.version, encodeRecord(record), { signal }));
    return version === undefined ? undefined : { version, record };
  }

  watch(changed: () => void): () => void {
    let stop: (() => void) | undefined;
    let isStopped = false;
    // A store that cannot watch now gives no hints, and polling does without them.
    this.#hash()
      .then((key) => {
        if (!isStopped) stop = this.#access.store.watch?.(key, changed);
      })
      .catch(() => {});
    return () => {
      isStopped = true;
      try {
        stop?.();
      } catch {
        // Nobody listens to the hints that still come.
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
    return withDeadline(clock, timeout, undefined, async (signal) => {
      try {
        return await waitFor(operation(store, key, signal), signal);
      } catch (cause) {
        // A store may say itself what is wrong with an entry.
        if (cause instanceof StoreError) throw cause;
        const message = signal.aborted ? `The store did not answer within ${timeout} ms.` : "The store failed; its error is the cause.";
        throw new StoreError("ERR_STORE_UNAVAILABLE", message, signal.aborted || cause === undefined ? undefined : { cause });
      }
    });
  }
}
