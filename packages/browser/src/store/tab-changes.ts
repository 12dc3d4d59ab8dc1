import { ChangeListeners, type ChangeListener, type Version } from "@tokenflight/core";

interface Message {
  readonly store?: unknown;
  readonly key?: unknown;
  readonly version?: unknown;
  readonly mark?: unknown;
}

/** A channel to the other tabs and workers of the origin. Undefined where the browser has none, or denies it to this page. */
export function openChannel(name: string): BroadcastChannel | undefined {
  try {
    return new BroadcastChannel(name);
  } catch {
    return undefined;
  }
}

/** Listeners of this page, which hear of what any tab or worker of the origin has written, and of every moment after which the page may have missed something. */
export class TabChanges extends ChangeListeners {
  readonly #store: string | undefined;
  readonly #end = new AbortController();
  #channel: BroadcastChannel | undefined;
  /** Writes under way. */
  #writes = 0;

  /**
   * Hears of one store, or of all stores of the origin where none is named. `sleeps` is called when the page goes into the back-forward cache, where it must
   * hold nothing that others wait for.
   */
  constructor(store?: string, sleeps: () => void = () => {}) {
    super();
    this.#store = store;
    if (typeof document === "undefined") return;
    const { signal } = this.#end;
    const wakes = (): void => {
      this.#open();
      this.tell();
    };
    const left = ({ persisted }: PageTransitionEvent): void => {
      // Nobody is left to tell of them when they are over. A process that ends at once may take this with it, and others find out with their next look.
      if (this.#writes > 0) this.post();
      if (!persisted) return;
      this.#close();
      sleeps();
    };
    addEventListener("pagehide", left, { signal });
    addEventListener("pageshow", ({ persisted }) => persisted && wakes(), { signal });
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && wakes(), { signal });
    // Chromium tells of a page that it had frozen.
    document.addEventListener("resume", wakes, { signal });
  }

  override watch(key: string, changed: () => void): () => void {
    this.#open();
    return super.watch(key, changed);
  }

  override watchAll(changed: ChangeListener): () => void {
    this.#open();
    return super.watchAll(changed);
  }

  /** Tells the others of what this page has written; that it may be anything, when nothing is said. */
  post(key?: string, version?: Version, mark?: string): void {
    this.#open();
    this.#channel?.postMessage({ store: this.#store, key, version, mark });
  }

  /** Of a page that ends in the middle of a write, the others hear that it may have written. */
  async during<Result>(write: Promise<Result>): Promise<Result> {
    this.#writes += 1;
    try {
      return await write;
    } finally {
      this.#writes -= 1;
    }
  }

  stop(): void {
    this.#end.abort();
    this.#close();
    this.clear();
  }

  /** Where the browser has no such channel, caches look into the store from time to time. */
  #open(): void {
    if (this.#channel !== undefined || this.#end.signal.aborted) return;
    this.#channel = openChannel("tokenflight");
    if (this.#channel === undefined) return;
    this.#channel.onmessage = ({ data }: MessageEvent<Message | null>) => {
      const { store, key, version, mark } = data ?? {};
      if (this.#store !== undefined && store !== this.#store) return;
      if (typeof key !== "string" || typeof version !== "string") return this.tell();
      this.tell(key, version, typeof mark === "string" ? mark : undefined);
    };
  }

  #close(): void {
    this.#channel?.close();
    this.#channel = undefined;
  }
}
