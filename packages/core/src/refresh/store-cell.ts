import type { Clock } from "../clock/clock.ts";
import { withDeadline } from "../clock/deadline.ts";
import { waitFor } from "../clock/waits.ts";
import { StoreError } from "../errors/refresh-errors.ts";
import { changesOf, type EntryChanges } from "../store/entry-changes.ts";
import { storeKey, type TokenStore } from "../store/store.ts";
import { hasWebCrypto } from "../platform/web-crypto.ts";
import { asFailedWrite, type RecordCell, type SharedEntry, type VersionedRecord } from "./cell.ts";
import { decodeRecord, encodeRecord, timeToLive } from "../record/encoded-record.ts";
import { forPurpose } from "../record/purposes.ts";
import { emptyRecord, markOf, type SubjectRecord } from "../record/record.ts";

/** What the cells of all subjects in one store have in common. */
export interface StoreAccess {
  readonly store: TokenStore;
  readonly clock: Clock;
  /** Milliseconds that one operation may take. */
  readonly timeout: number;
}

/** Which entry it is, and for what. */
export interface EntryName {
  /** Names the login's issuer and client (`identity` of a token source). */
  readonly identity: string | undefined;
  readonly subject: string;
  readonly purpose: string | undefined;
}

/** One subject's record in a store, under a key that is hashed once. Every call ends within the timeout, whatever the store does. */
export class StoreCell implements RecordCell, SharedEntry {
  readonly shared: SharedEntry = this;
  readonly purpose: string | undefined;
  changes: EntryChanges | undefined;
  readonly #access: StoreAccess;
  readonly #identity: string | undefined;
  readonly #subject: string;
  /** The promise of the key while it is being hashed. */
  #key: string | Promise<string> | undefined;

  constructor(access: StoreAccess, { identity, subject, purpose }: EntryName) {
    this.#access = access;
    this.#identity = identity;
    this.#subject = subject;
    this.purpose = purpose;
  }

  async read(): Promise<VersionedRecord> {
    return this.#ask(async (store, key, signal) => {
      const heard = this.#heard();
      const entry = await store.read(key, { signal });
      const record = entry === undefined ? forPurpose(emptyRecord, this.purpose) : decodeRecord(entry, this.purpose);
      // What one cache of this process finds, the others have to know.
      if (entry !== undefined) this.changes?.found(key, entry.version, markOf(record), heard);
      return { version: entry?.version, record, heard };
    });
  }

  async replace(seen: VersionedRecord, record: SubjectRecord): Promise<VersionedRecord | undefined> {
    const ttl = this.lifetimeOf(record, this.#access.clock.now());
    const value = encodeRecord(record);
    const mark = markOf(record);
    try {
      return await this.#ask(async (store, key, signal) => {
        const heard = this.#heard();
        const version = await store.compareAndSet(key, seen.version, value, { signal, ttl, mark });
        if (version === undefined) return undefined;
        this.changes?.wrote(key, { version, mark, written: record, replaced: seen.version, heard });
        return { version, record, heard };
      });
    } catch (error) {
      throw asFailedWrite(error as StoreError);
    }
  }

  /** Milliseconds after which the store may remove the record. */
  protected lifetimeOf(record: SubjectRecord, now: number): number | undefined {
    return timeToLive(record, now);
  }

  get key(): string | undefined {
    return typeof this.#key === "string" ? this.#key : undefined;
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

  keepOpen(work: Promise<unknown>): void {
    try {
      this.#access.store.keepOpen?.(work);
    } catch (error) {
      // Whatever else a store throws here says nothing of what it may do.
      if (error instanceof StoreError) throw error;
    }
  }

  async holder(): Promise<string | undefined> {
    const { store } = this.#access;
    return store.holder === undefined ? undefined : this.#ask(async () => store.holder?.()).catch(() => undefined);
  }

  async isGone(holder: string | undefined): Promise<boolean> {
    const { store } = this.#access;
    if (holder === undefined || store.isGone === undefined) return false;
    return this.#ask(async () => (await store.isGone?.(holder)) === true).catch(() => false);
  }

  #heard(): number {
    return (this.changes ??= changesOf(this.#access.store)).count;
  }

  async #hash(): Promise<string> {
    // Without `crypto.subtle` it is a memory store: any other was refused at construction.
    this.#key ??= hasWebCrypto() ? storeKey(this.#identity, this.#subject) : JSON.stringify([this.#identity ?? null, this.#subject]);
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
        throw signal.aborted
          ? unanswered(store, timeout)
          : new StoreError("ERR_STORE_UNAVAILABLE", "The store failed; its error is the cause.", cause === undefined ? {} : { cause });
      }
    });
  }
}

function unanswered(store: TokenStore, timeout: number): StoreError {
  let trouble: unknown;
  try {
    trouble = store.trouble?.();
  } catch {
    // It was asked for the sake of a message.
  }
  const [why, options] = trouble instanceof Error ? ["; what is wrong is the cause", { cause: trouble }] : ["", {}];
  return new StoreError("ERR_STORE_UNAVAILABLE", `The store did not answer within ${timeout} ms${why}.`, options);
}
