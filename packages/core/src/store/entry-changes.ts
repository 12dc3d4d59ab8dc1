import type { TokenStore, Version } from "./store.ts";

/** The last change of an entry, as far as this process has heard of it. */
export interface Change {
  /** How many changes there had been then, this one included. */
  readonly number: number;
  readonly version: Version | undefined;
  readonly mark: string | undefined;
  /** What this process itself has written, for as long as anybody in it has use for that. */
  readonly written?: WeakRef<object> | undefined;
}

/** A write of this process, as its writer knows it. */
interface Write {
  readonly version: Version;
  readonly written: object;
  readonly replaced: Version | undefined;
  /** How many changes had been heard of when it began. */
  readonly heard: number;
}

/** Entries whose last change is remembered. When one more changes, whoever has not looked for that long looks again. */
const capacity = 10_000;

/**
 * The changes of all entries of one store, as far as this process hears of them: from the store, and of its own writes. A cache compares one
 * number with each request, and costs neither a subscription nor a timer.
 */
export class EntryChanges {
  /** How many changes were heard of. */
  count = 0;
  /** The last one that may have been a change of any entry. */
  #any: Change = { number: 0, version: undefined, mark: undefined };
  readonly #last = new Map<string, Change>();

  /** The store tells that an entry has changed, and has this version now; any entry, when it says nothing. */
  readonly changed = (key?: string, version?: Version, mark?: string): void => {
    if (key === undefined) {
      this.#any = { number: ++this.count, version, mark };
      this.#last.clear();
    } else if (version === undefined || this.#last.get(key)?.version !== version) {
      this.#set(key, { number: ++this.count, version, mark });
    }
  };

  /** A cache of this process has written the entry. The store tells of that, too, before or after. */
  wrote(key: string, { version, written, replaced, heard }: Write): void {
    const before = this.#last.get(key);
    const isTold = before?.version === version;
    // What was heard meanwhile came after this write, unless it was what this write replaced.
    if (before !== undefined && before.number > heard && !isTold && (before.version === undefined || before.version !== replaced)) return;
    this.#set(key, { number: isTold ? before.number : ++this.count, version, mark: undefined, written: new WeakRef(written) });
  }

  #set(key: string, change: Change): void {
    this.#last.delete(key);
    this.#last.set(key, change);
    if (this.#last.size > capacity) this.#forgetOldest();
  }

  /** What has become of an entry since so many changes had been heard of. */
  since(key: string, count: number): Change | undefined {
    if (this.#any.number > count) return this.#any;
    const change = this.#last.get(key);
    return change !== undefined && change.number > count ? change : undefined;
  }

  #forgetOldest(): void {
    for (const [key, { number }] of this.#last) {
      this.#last.delete(key);
      if (number > this.#any.number) this.#any = { number, version: undefined, mark: undefined };
      return;
    }
  }
}

const ofStores = new WeakMap<TokenStore, EntryChanges>();

/** The changes of this store, for all caches of this process that share it. The store is watched from the first call on. */
export function changesOf(store: TokenStore): EntryChanges {
  const known = ofStores.get(store);
  if (known !== undefined) return known;
  const changes = new EntryChanges();
  ofStores.set(store, changes);
  try {
    store.watchAll?.((key, version, mark) => changes.changed(key, version, mark));
  } catch {
    // A store that cannot watch now gives no hints.
  }
  return changes;
}
