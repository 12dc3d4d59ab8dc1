import type { Driver, Subscriber } from "./driver.ts";

/**
 * Calls back who watches a channel. The connection for it is opened when somebody watches for the first time, and kept until `close`. Nothing here
 * ever fails: a hint that does not come is not needed.
 */
export class Watchers {
  readonly #driver: Driver;
  readonly #watching = new Map<string, Set<() => void>>();
  #subscriber: Subscriber | undefined;

  constructor(driver: Driver) {
    this.#driver = driver;
  }

  add(channel: string, changed: () => void): () => void {
    // One function may watch twice, and stop once.
    const watcher = (): void => changed();
    const ofChannel = this.#watching.get(channel);
    if (ofChannel === undefined) {
      this.#watching.set(channel, new Set([watcher]));
      void this.#subscribe(channel);
    } else {
      ofChannel.add(watcher);
    }
    return () => this.#remove(channel, watcher);
  }

  close(): void {
    this.#watching.clear();
    try {
      this.#subscriber?.close();
    } catch {
      // It was closed already, with the client whose duplicate it is.
    }
    this.#subscriber = undefined;
  }

  async #subscribe(channel: string): Promise<void> {
    try {
      this.#subscriber ??= this.#driver.subscribe((hinted) => this.#hint(hinted));
      await this.#subscriber.add(channel);
      // There may have been a change after the watcher looked and before the subscription was there.
      this.#hint(channel);
    } catch {
      // The server is away, or forbids it.
    }
  }

  #remove(channel: string, watcher: () => void): void {
    const ofChannel = this.#watching.get(channel);
    if (ofChannel?.delete(watcher) !== true || ofChannel.size > 0) return;
    this.#watching.delete(channel);
    this.#subscriber?.remove(channel).catch(() => {});
  }

  #hint(channel?: string): void {
    const channels = channel === undefined ? [...this.#watching.keys()] : [channel];
    for (const each of channels) {
      for (const changed of this.#watching.get(each) ?? []) changed();
    }
  }
}
