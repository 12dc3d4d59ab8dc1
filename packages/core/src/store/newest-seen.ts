import { rejectEntry, type Stamp } from "./sealed-value.ts";
import type { Version } from "./store.ts";

/** What is known of one entry. Never changed, so that an operation can hold on to what was known when it began. */
export interface Known {
  readonly newest?: Stamp | undefined;
  /** The store's version of the newest. */
  readonly version?: Version | undefined;
  /** Lineages that have ended: the entry was deleted, or lost, and perhaps created again. */
  readonly ended: readonly string[];
}

const unknownEntry: Known = { ended: [] };

/** Entries that are remembered; of more, the ones that were used longest ago are forgotten. */
const capacity = 10_000;
/** Lineages that are remembered of one entry; each means that it was deleted and created again. */
const longestHistory = 16;

/** The newest write of each entry that this process has seen, by which it knows a rollback. */
export class NewestSeen {
  readonly #entries = new Map<string, Known>();

  of(key: string): Known {
    return this.#entries.get(key) ?? unknownEntry;
  }

  /** Throws StoreError when an entry that was read is older than what was known before the read began. */
  check({ newest, ended }: Known, { lineage, count, nonce }: Stamp, version: Version): void {
    const isOlder = lineage === newest?.lineage && (count < newest.count || (count === newest.count && nonce !== newest.nonce));
    if (isOlder || ended.includes(lineage)) rejectEntry("is older than one that was seen before, so it was rolled back", version);
  }

  /** An operation that began when `before` was known has read or written this. */
  saw(key: string, before: Known, stamp: Stamp, version: Version): void {
    const { newest, ended } = this.of(key);
    if (newest?.lineage === stamp.lineage) {
      if (stamp.count >= newest.count) this.#set(key, { newest: stamp, version, ended });
    } else if (newest === before.newest) {
      this.#set(key, { newest: stamp, version, ended: withEnded(ended, newest) });
    }
    // Otherwise others have seen yet another lineage meanwhile, and nobody can tell which is newer.
  }

  /** An operation that began when `before` was known has found or left no entry: what comes next is created anew. */
  sawNothing(key: string, before: Known): void {
    const known = this.of(key);
    if (before.newest === undefined || known.newest?.lineage !== before.newest.lineage) return;
    this.#set(key, { ended: withEnded(known.ended, before.newest) });
  }

  #set(key: string, known: Known): void {
    this.#entries.delete(key);
    this.#entries.set(key, known);
    if (this.#entries.size > capacity) this.#entries.delete(this.#entries.keys().next().value as string);
  }
}

function withEnded(ended: readonly string[], last: Stamp | undefined): readonly string[] {
  return last === undefined ? ended : [...ended, last.lineage].slice(-longestHistory);
}
