import type { Version } from "../store/store.ts";
import { emptyRecord, type SubjectRecord } from "./record.ts";

/** A record as it was read or written, with the version by which it can be replaced. */
export interface VersionedRecord {
  /** Undefined when there is no entry. */
  readonly version: Version | undefined;
  readonly record: SubjectRecord;
}

/** The place of one subject's record: shared through a store, or private to one cache. */
export interface RecordCell {
  read(): Promise<VersionedRecord>;
  /** Resolves to what the cell now holds, or to undefined when another writer was faster. */
  replace(seen: VersionedRecord, record: SubjectRecord): Promise<VersionedRecord | undefined>;
  /** Calls back when the entry may have changed, until the returned function is called. */
  watch(changed: () => void): () => void;
}

/** Holds the record itself, for a cache that shares it with nobody. Only that cache writes here, so there is nothing to watch. */
export function privateCell(first: SubjectRecord = emptyRecord): RecordCell {
  let entry: VersionedRecord = { version: undefined, record: first };
  return {
    read: async () => entry,
    async replace({ version }, record) {
      if (version !== entry.version) return undefined;
      return (entry = { version: String(Number(version ?? 0) + 1), record });
    },
    watch: () => () => {},
  };
}
