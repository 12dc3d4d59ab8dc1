import { hasOwn } from "../platform/own.ts";
import type { ChangeListener, Version, WriteOptions } from "./store.ts";

type Listeners = Set<() => void>;

/** Characters of a mark. A longer one is none: whoever hears of the write has to look. */
const longestMark = 200;

/** Who is told of changes: of one key's, or of all. A listener that throws disturbs neither the writer nor the others. */
export class ChangeListeners {
  readonly #ofKeys = new Map<string, Listeners>();
  readonly #ofAll = new Set<ChangeListener>();

  /** What listeners are told of a write beside its version. For stores: a polluted prototype marks nothing. */
  static markOf(options: WriteOptions | undefined): string | undefined {
    const mark: unknown = options !== undefined && hasOwn(options, "mark") ? options.mark : undefined;
    return typeof mark === "string" && mark.length <= longestMark ? mark : undefined;
  }

  /** Whether nobody listens. */
  get isEmpty(): boolean {
    return this.#ofAll.size === 0 && !this.hasKeys;
  }

  /** Whether somebody waits for a change of one key. */
  get hasKeys(): boolean {
    return this.#ofKeys.size > 0;
  }

  /** Calls `changed` after each change of this entry, until the function that it gives is called. */
  watch(key: string, changed: () => void): () => void {
    const listeners = this.#ofKeys.get(key) ?? new Set();
    // One function may watch twice, and stop once.
    const listener = (): void => changed();
    this.#ofKeys.set(key, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#ofKeys.get(key) === listeners) this.#ofKeys.delete(key);
    };
  }

  /** Calls `changed` after each change of any entry, until the function that it gives is called. */
  watchAll(changed: ChangeListener): () => void {
    const listener: ChangeListener = (...change) => changed(...change);
    this.#ofAll.add(listener);
    return () => void this.#ofAll.delete(listener);
  }

  /** Tells of a change of this key, or that any may have changed. */
  tell(key?: string, version?: Version, mark?: string): void {
    const told = key === undefined ? [...this.#ofKeys.values()] : [this.#ofKeys.get(key) ?? []];
    for (const listeners of told) callEach(listeners, (listener: () => void) => listener());
    callEach(this.#ofAll, (listener: ChangeListener) => (mark === undefined ? listener(key, version) : listener(key, version, mark)));
  }

  /** Calls none of them any more. */
  clear(): void {
    for (const listeners of this.#ofKeys.values()) listeners.clear();
    this.#ofKeys.clear();
    this.#ofAll.clear();
  }
}

/** Those who stop meanwhile are not called, and those who begin meanwhile wait for the next change. */
function callEach<Listener>(
  listeners: Iterable<Listener> & { has?(listener: Listener): boolean },
  call: (listener: Listener) => void,
): void {
  for (const listener of Array.from(listeners)) {
    if (listeners.has?.(listener) === false) continue;
    try {
      call(listener);
    } catch {
      // A hint is heard or not: what was written stays written.
    }
  }
}
