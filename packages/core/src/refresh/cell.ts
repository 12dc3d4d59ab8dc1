import type { Clock } from "../clock/clock.ts";
import { wait } from "../clock/waits.ts";
import { StoreError } from "../errors/refresh-errors.ts";
import type { EntryChanges } from "../store/entry-changes.ts";
import type { Version } from "../store/store.ts";
import { emptyRecord, type SubjectRecord } from "../record/record.ts";
import type { RefreshLimits } from "./limits.ts";

/** A record as it was read or written, with the version by which it can be replaced. */
export interface VersionedRecord {
  /** Undefined when there is no entry. */
  readonly version: Version | undefined;
  readonly record: SubjectRecord;
  /** How many changes had been heard of when the operation began: later ones may have changed it again. */
  readonly heard: number;
}

/** The place of one subject's record: shared through a store, or private to one cache. */
export interface RecordCell {
  read(): Promise<VersionedRecord>;
  /** Resolves to what the cell now holds, or to undefined when another writer was faster. */
  replace(seen: VersionedRecord, record: SubjectRecord): Promise<VersionedRecord | undefined>;
  /** Calls back when the entry may have changed, until the returned function is called. */
  watch(changed: () => void): () => void;
  /** Where changes that others make are heard of. */
  readonly shared: SharedEntry | undefined;
  /** Its owner is in the middle of something that has to be written, until `work` settles. Throws StoreError, ERR_CLOSED. */
  keepOpen(work: Promise<unknown>): void;
  /** The name of this process, for an intent. */
  holder(): Promise<string | undefined>;
  /** Whether the process of this name is known to have ended. */
  isGone(holder: string | undefined): Promise<boolean>;
}

/** An entry that others may change. */
export interface SharedEntry {
  /** What the access tokens are for that its records are read with. */
  readonly purpose: string | undefined;
  /** Undefined before the first operation. */
  readonly changes: EntryChanges | undefined;
  /** The entry's key in the store; undefined before the first operation. */
  readonly key: string | undefined;
}

/** Of an operation in a private cell, which says nothing of any store. */
export const nothingHeard = -1;

/** Holds the record itself, for a cache that shares it with nobody. Only that cache writes here, so there is nothing to watch. */
export function privateCell(first: SubjectRecord = emptyRecord): RecordCell {
  let entry: VersionedRecord = { version: undefined, record: first, heard: nothingHeard };
  let writes = 0;
  return {
    shared: undefined,
    read: async () => entry,
    async replace({ version }, record) {
      if (version !== entry.version) return undefined;
      writes += 1;
      // No store gives such a version, so that the two are never taken for each other.
      return (entry = { version: `private ${writes}`, record, heard: nothingHeard });
    },
    watch: () => () => {},
    keepOpen: () => {},
    holder: async () => undefined,
    isGone: async () => false,
  };
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

/** Rounds that follow each other at once: a few writers that meet, as they should. */
const promptRounds = 4;
/** Milliseconds. */
const longestDelay = 100;

/** Called before each further round of a loop in which another writer was faster. Rejects with StoreError: only a broken store lets nobody win. */
export function createRounds(clock: Clock, { rounds }: RefreshLimits): () => Promise<void> {
  let done = 0;
  return async () => {
    done += 1;
    if (done >= rounds) throw asFailedWrite(new StoreError("ERR_STORE_UNAVAILABLE", `The store has refused ${rounds} writes in a row.`));
    if (done > promptRounds) await wait(clock, Math.min(2 ** (done - promptRounds), longestDelay) * (0.5 + clock.random() / 2));
  };
}
