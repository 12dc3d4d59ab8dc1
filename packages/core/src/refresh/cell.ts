import { emptyRecord, type SubjectRecord } from "./record.ts";
import type { Version } from "../store/store.ts";

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
export class PrivateCell implements RecordCell {
  #seen: Seen;

  constructor(record: SubjectRecord = emptyRecord) {
    this.#seen = { version: undefined, record };
  }

  async read(): Promise<Seen> {
    return this.#seen;
  }

  async replace({ version }: Seen, record: SubjectRecord): Promise<Seen | undefined> {
    if (version !== this.#seen.version) return undefined;
    this.#seen = { version: String(Number(version ?? 0) + 1), record };
    return this.#seen;
  }

  /** Only its own cache writes here, and knows what it wrote. */
  watch(): () => void {
    return () => {};
  }
}
