import { randomId } from "@tokenflight/core";

/** Milliseconds. Whoever has asked for the name needs the lock for so long at least, and asks again before, or tells of its work. */
const lease = 5000;

/** A lock that the browser keeps for as long as this tab, or worker, lives, by which others know that it has not ended in the middle of a refresh. */
export class TabLock {
  /** What other tabs know this one by. */
  readonly name: string;
  readonly #prefix: string;
  #held: Promise<void> | undefined;
  #release: (() => void) | undefined;
  /** Settles when the browser has let the lock go. */
  #released: Promise<void> | undefined;
  /** Works and leases that need the lock still. */
  #works = 0;

  /** For where there is `navigator.locks`. `store` is the name of the store: locks of two stores have nothing to do with each other. */
  constructor(store: string) {
    this.#prefix = `tokenflight ${store} `;
    this.name = this.#prefix + randomId();
  }

  /** Takes the lock, and keeps it for its lease and until the works are settled that it was told of. Rejects where the browser allows none. */
  async hold(): Promise<string> {
    this.keepFor(new Promise((resolve) => void setTimeout(resolve, lease)));
    await (this.#held ??= new Promise<void>((granted, reject) => {
      const release = new Promise<void>((resolve) => (this.#release = resolve));
      this.#released = navigator.locks
        .request(this.name, () => {
          granted();
          return release;
        })
        .catch((error: unknown) => {
          this.#held = undefined;
          reject(error);
        });
    }));
    return this.name;
  }

  /** A page with a lock does not go into the back-forward cache, so that it is kept no longer than it is needed. */
  keepFor(work: Promise<unknown>): void {
    this.#works += 1;
    const end = (): void => {
      this.#works -= 1;
      if (this.#works < 1) void this.release();
    };
    work.then(end, end);
  }

  /** Gives what settles when others know of it. */
  release(): Promise<void> | undefined {
    this.#held = undefined;
    this.#release?.();
    return this.#released;
  }

  /** Whether nobody holds this lock. False for what is no name of a tab. */
  async isGone(name: string): Promise<boolean> {
    if (name === this.name || !name.startsWith(this.#prefix) || !/^[0-9a-f-]{32,36}$/.test(name.slice(this.#prefix.length))) return false;
    // Shared, so that two who ask at once do not take each other for the holder. Firefox answers `query` to no page in a frame of another site.
    return navigator.locks.request(name, { mode: "shared", ifAvailable: true }, (lock) => lock !== null);
  }
}
