import { shared } from "../platform/shared.ts";
import type { TokenStore, Version } from "./store.ts";

/** The last change of an entry, as far as this process has heard of it. */
export interface Change {
  /** How many changes there had been then, this one included. */
  readonly number: number;
  readonly version: Version | undefined;
  readonly mark: string | undefined;
  /** What this process itself has written, for as long as anybody in it has use for that. */
  readonly written?: Weak<object> | undefined;
}

/** A write of this process, as its writer knows it. */
interface Write {
  readonly version: Version;
  readonly mark: string;
  readonly written: object;
  readonly replaced: Version | undefined;
  /** How many changes had been heard of when it began. */
  readonly heard: number;
}

/** Changes that are remembered one by one. Of older ones only their places are: whoever shares a place looks once more. */
const capacity = 10_000;
const places = 65_536;

/**
 * The changes of all entries of one store, as far as this process hears of them: from the store, and of its own writes. A cache compares one
 * number with each request, and costs neither a subscription nor a timer.
 */
export class EntryChanges {
  /** How many changes were heard of. */
  count = 0;
  /** Whether the store tells of changes. */
  isListening = false;
  /** The last one that may have been a change of any entry. */
  #any: Change = { number: 0, version: undefined, mark: undefined };
  readonly #last = new Map<string, Change>();
  /** The number of the last forgotten change at each place. */
  #forgotten: Uint32Array | undefined;

  /** The store tells that an entry has changed, and has this version now; any entry, when it says nothing. */
  changed(key?: string, version?: Version, mark?: string): void {
    if (key === undefined) {
      this.#any = { number: ++this.count, version, mark };
      this.#last.clear();
    } else if (version === undefined || this.#last.get(key)?.version !== version) {
      this.#set(key, { number: ++this.count, version, mark });
    }
  }

  /** A cache of this process has written the entry. The store tells of that, too, before or after. */
  wrote(key: string, { version, mark, written, replaced, heard }: Write): void {
    const before = this.#last.get(key);
    const isTold = before?.version === version;
    // What was heard meanwhile came after this write, unless it was what this write replaced.
    if (before !== undefined && before.number > heard && !isTold && (before.version === undefined || before.version !== replaced)) return;
    this.#set(key, { number: isTold ? before.number : ++this.count, version, mark, written: weakly(written) });
  }

  /** A cache of this process has read the entry. Whoever knows of another version of it has to look again. */
  found(key: string, version: Version, mark: string, heard: number): void {
    const before = this.#last.get(key);
    if (before !== undefined && before.number <= heard) this.changed(key, version, mark);
  }

  /** What has become of an entry since so many changes had been heard of. */
  since(key: string, count: number): Change | undefined {
    const change = this.#last.get(key);
    if (this.#any.number > count && (change === undefined || change.number < this.#any.number)) return this.#any;
    if (change !== undefined) return change.number > count ? change : undefined;
    const number = this.#forgotten?.[placeOf(key)] ?? 0;
    return number > count ? { number, version: undefined, mark: undefined } : undefined;
  }

  #set(key: string, change: Change): void {
    this.#last.delete(key);
    this.#last.set(key, change);
    if (this.#last.size > capacity) this.#forgetOldest();
  }

  #forgetOldest(): void {
    for (const [key, { number }] of this.#last) {
      this.#last.delete(key);
      (this.#forgotten ??= new Uint32Array(places))[placeOf(key)] = number;
      return;
    }
  }
}

/** Keys are hashes in hexadecimal digits. */
function placeOf(key: string): number {
  const place = Number.parseInt(key.slice(0, 4), 16);
  return Number.isNaN(place) ? 0 : place;
}

/** A WeakRef, which older libraries of TypeScript do not have. */
interface Weak<Value extends object> {
  deref(): Value | undefined;
}

/** Not every runtime has weak references. */
function weakly<Value extends object>(value: Value): Weak<Value> {
  return typeof WeakRef === "function" ? new WeakRef(value) : { deref: () => value };
}

const ofStores = shared("entry-changes.1", () => new WeakMap<TokenStore, Weak<EntryChanges>>());

const unwatched = typeof FinalizationRegistry === "function" ? new FinalizationRegistry<() => void>((stop) => stop()) : undefined;

/** The changes of this store, for all caches of this process that share it. The store is watched for as long as there are any. */
export function changesOf(store: TokenStore): EntryChanges {
  const known = ofStores.get(store)?.deref();
  if (known !== undefined) return known;
  const changes = new EntryChanges();
  const weak = weakly(changes);
  ofStores.set(store, weak);
  try {
    const stop = store.watchAll?.((key, version, mark) => weak.deref()?.changed(key, version, mark));
    // Whatever a store gives here that is no function, such as a promise that rejects, stops nothing.
    if (stop !== undefined && typeof stop !== "function") Promise.resolve(stop).catch(() => {});
    changes.isListening = typeof stop === "function";
    if (typeof stop === "function") unwatched?.register(changes, stop);
  } catch {
    // A store that cannot watch now gives no hints.
  }
  return changes;
}
