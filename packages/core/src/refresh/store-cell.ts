import { waitFor, withDeadline, type Clock } from "../clock.ts";
import { StoreError } from "../errors.ts";
import type { changesOf, EntryChanges } from "../store/entry-changes.ts";
import { storeKey, type TokenStore } from "../store/store.ts";
import { hasWebCrypto } from "../platform/web-crypto.ts";
import type { RecordCell, SharedEntry, VersionedRecord } from "./cell.ts";
import type { decodeRecord, encodeRecord, timeToLive } from "../record/encoded-record.ts";
import type { asHeld } from "../record/purposes.ts";
import { emptyFor, markOf, type SubjectRecord } from "../record/record.ts";

/** How records stand in a store, and what is heard of their changes. */
export interface EntryFormat {
  readonly decodeRecord: typeof decodeRecord;
  readonly encodeRecord: typeof encodeRecord;
  readonly timeToLive: typeof timeToLive;
  readonly asHeld: typeof asHeld;
  readonly changesOf: typeof changesOf;
}

/** What the cells of all subjects in one store have in common. */
export interface StoreAccess {
  readonly store: TokenStore;
  readonly clock: Clock;
  /** Milliseconds that one operation may take. */
  readonly timeout: number;
  /** The format may have to be loaded first. */
  withFormat<Result>(use: (format: EntryFormat) => Promise<Result>): Promise<Result>;
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
  /** Known after the first operation. */
  #format: EntryFormat | undefined;
  /** The promise of the key while it is being hashed. */
  #key: string | Promise<string> | undefined;

  constructor(access: StoreAccess, { identity, subject, purpose }: EntryName) {
    this.#access = access;
    this.#identity = identity;
    this.#subject = subject;
    this.purpose = purpose;
  }

  async read(): Promise<VersionedRecord> {
    return this.#ask(async (store, key, signal, format) => {
      const heard = this.#heard(format);
      const entry = await store.read(key, { signal });
      const record = entry === undefined ? emptyFor(this.purpose) : format.decodeRecord(entry, this.purpose);
      // What one cache of this process finds, the others have to know.
      if (entry !== undefined) this.changes?.found(key, entry.version, markOf(record), heard);
      return { version: entry?.version, record, heard };
    });
  }

  async replace(seen: VersionedRecord, record: SubjectRecord): Promise<VersionedRecord | undefined> {
    const mark = markOf(record);
    try {
      return await this.#ask(async (store, key, signal, format) => {
        const heard = this.#heard(format);
        const ttl = format.timeToLive(record, this.#access.clock.now());
        const value = format.encodeRecord(record);
        const version = await store.compareAndSet(key, seen.version, value, { signal, ttl, mark });
        if (version === undefined) return undefined;
        this.changes?.wrote(key, { version, mark, written: record, replaced: seen.version, heard });
        return { version, record, heard };
      });
    } catch (error) {
      throw asFailedWrite(error as StoreError);
    }
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

  asHeld(record: SubjectRecord, held: SubjectRecord, now: number): SubjectRecord {
    return this.#format === undefined ? record : this.#format.asHeld(record, this.purpose, held, now);
  }

  #heard(format: EntryFormat): number {
    return (this.changes ??= format.changesOf(this.#access.store)).count;
  }

  async #hash(): Promise<string> {
    // Without `crypto.subtle` it is a memory store: any other was refused at construction.
    this.#key ??= hasWebCrypto() ? storeKey(this.#identity, this.#subject) : JSON.stringify([this.#identity ?? null, this.#subject]);
    return (this.#key = await this.#key);
  }

  #ask<Answer>(operation: (store: TokenStore, key: string, signal: AbortSignal, format: EntryFormat) => Promise<Answer>): Promise<Answer> {
    return this.#access.withFormat((format) => this.#askWith((this.#format = format), operation));
  }

  async #askWith<Answer>(
    format: EntryFormat,
    operation: (store: TokenStore, key: string, signal: AbortSignal, format: EntryFormat) => Promise<Answer>,
  ): Promise<Answer> {
    const { store, clock, timeout } = this.#access;
    const key = await this.#hash();
    return withDeadline(clock, timeout, undefined, async (signal) => {
      try {
        return await waitFor(operation(store, key, signal, format), signal);
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

const failedWrites = new WeakSet<object>();

/** Remembers that a write has failed with this error. */
export function asFailedWrite(error: StoreError): StoreError {
  failedWrites.add(error);
  return error;
}

/** Which operation has failed with this error. */
export function operationOf(error: StoreError): "read" | "write" {
  return failedWrites.has(error) ? "write" : "read";
}
