import type { Driver } from "./driver.ts";

/**
 * Waits while the client is disconnected. Clients queue commands without end while Redis is away, and send them when nobody waits for them any
 * more. A caller who has given up leaves no command behind here.
 */
export class Disconnection {
  readonly #driver: Driver;
  readonly #waiting = new Set<() => void>();
  /** The client is connected again, or never will be. */
  readonly #over = (): void => {
    this.#driver.off("ready", this.#over);
    this.#driver.off("end", this.#over);
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resume of waiting) resume();
  };

  constructor(driver: Driver) {
    this.#driver = driver;
  }

  /** Resolves when a command would be sent at once, or rejected. Rejects with the signal's reason when it aborts. */
  async over(signal: AbortSignal): Promise<void> {
    while (this.#driver.isDisconnected()) {
      await new Promise<void>((resolve) => {
        if (this.#waiting.size === 0) {
          this.#driver.on("ready", this.#over);
          this.#driver.on("end", this.#over);
        }
        const resume = (): void => {
          signal.removeEventListener("abort", giveUp);
          resolve();
        };
        const giveUp = (): void => {
          this.#waiting.delete(resume);
          if (this.#waiting.size === 0) this.#over();
          resolve();
        };
        this.#waiting.add(resume);
        signal.addEventListener("abort", giveUp, { once: true });
      });
      signal.throwIfAborted();
    }
  }
}
