import { ChangeListeners, type ChangeListener, type Version } from "@tokenflight/core";
import type { Database, Seen } from "./database.ts";

/** Milliseconds between two looks at the file, each of which costs microseconds: while somebody waits for one entry, and while somebody listens to all. */
const shortDelay = 10;
const longDelay = 50;
/** After a look that failed, such as at a file that may not be read. */
const failureDelay = 500;
/** Own writes that are remembered without a look, fewer than a look goes through. */
const mostOwn = 500;

/** Calls back who listens, after a write of this connection and after any write of another one. One timer, which keeps no process alive. */
export class Watchers {
  readonly #open: () => Database | undefined;
  readonly #listeners = new ChangeListeners();
  /** Versions of own writes that were told of already, and that a look will find. */
  readonly #own = new Set<Version>();
  #seen: Seen | "no file" | undefined;
  #timer: NodeJS.Timeout | undefined;
  #delay = Number.POSITIVE_INFINITY;

  /** `open` gives undefined when there is no file yet. */
  constructor(open: () => Database | undefined) {
    this.#open = open;
  }

  watch(key: string, changed: () => void): () => void {
    return this.#begin(this.#listeners.watch(key, changed));
  }

  watchAll(changed: ChangeListener): () => void {
    return this.#begin(this.#listeners.watchAll(changed));
  }

  /** This connection wrote. */
  wrote(key: string, version: Version, mark: string | undefined): void {
    if (this.#listeners.isEmpty) return;
    this.#own.add(version);
    this.#listeners.tell(key, version, mark);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#listeners.clear();
  }

  #begin(stop: () => void): () => void {
    if (this.#timer === undefined) {
      this.#seen = undefined;
      this.#look(true);
      this.#lookLater(this.#listeners.hasKeys ? shortDelay : longDelay);
    } else if (this.#listeners.hasKeys && this.#delay === longDelay) {
      this.#lookLater(shortDelay);
    }
    return stop;
  }

  #lookLater(delay: number): void {
    clearTimeout(this.#timer);
    this.#delay = delay;
    const timer = setTimeout(() => {
      const hasLooked = this.#listeners.isEmpty || this.#look(false);
      // Who was called may have stopped everything, or wants looks more often.
      if (this.#timer !== timer) return;
      if (this.#listeners.isEmpty) this.#timer = undefined;
      else if (hasLooked) this.#lookLater(this.#listeners.hasKeys ? shortDelay : longDelay);
      else this.#lookLater(failureDelay);
    }, delay).unref();
    this.#timer = timer;
  }

  /** Tells of what has changed since the last look; the first one of those who have just begun finds nothing. False when it failed. */
  #look(isFirst: boolean): boolean {
    try {
      const database = this.#open();
      if (database === undefined) {
        this.#seen ??= "no file";
        return true;
      }
      const isQuiet = typeof this.#seen === "object" && this.#seen.state === database.state();
      // Then only this connection has written, if anybody has.
      if (isQuiet && this.#own.size < mostOwn) return true;
      const { seen, changes } = database.look(this.#seen);
      this.#seen = seen;
      const isTold = changes?.map(({ version }) => this.#own.has(version));
      this.#own.clear();
      if (isFirst) return true;
      if (changes === undefined) this.#listeners.tell();
      changes?.forEach(({ key, version, mark }, index) => {
        if (isTold?.[index] === false) this.#listeners.tell(key, version, mark);
      });
      return true;
    } catch {
      return false;
    }
  }
}
