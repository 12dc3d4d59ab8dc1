/** Milliseconds between two looks at the file; each costs microseconds, and there are some only while somebody watches. */
const interval = 10;

/** Calls back who watches a key, after a write of this connection to that key, and after any write of another one. */
export class Watchers {
  readonly #changes: () => string;
  readonly #watching = new Map<string, Set<() => void>>();
  #timer: NodeJS.Timeout | undefined;
  #last = "";

  /** `changes` gives another text after each write of another connection. What it throws counts as no change. */
  constructor(changes: () => string) {
    this.#changes = () => {
      try {
        return changes();
      } catch {
        return this.#last;
      }
    };
  }

  add(key: string, changed: () => void): () => void {
    // One function may watch twice, and stop once.
    const watcher = (): void => changed();
    const ofKey = this.#watching.get(key) ?? new Set();
    this.#watching.set(key, ofKey.add(watcher));
    if (this.#timer === undefined) {
      this.#last = this.#changes();
      this.#timer = setInterval(() => this.#look(), interval).unref();
    }
    return () => {
      ofKey.delete(watcher);
      if (ofKey.size === 0 && this.#watching.get(key) === ofKey) this.#watching.delete(key);
      if (this.#watching.size === 0) this.stop();
    };
  }

  /** This connection wrote the key. */
  wrote(key: string): void {
    for (const changed of this.#watching.get(key) ?? []) changed();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#watching.clear();
  }

  #look(): void {
    const now = this.#changes();
    if (now === this.#last) return;
    this.#last = now;
    for (const key of this.#watching.keys()) this.wrote(key);
  }
}
