import { ChangeListeners, type ChangeListener, type Version } from "@tokenflight/core";
import { openChannel } from "./channel.ts";

interface Message {
  readonly key?: unknown;
  readonly version?: unknown;
  readonly mark?: unknown;
}

/** Tells listeners of this page, and of the other tabs and workers of the origin, what was written. */
export class TabChanges {
  readonly #name: string;
  readonly #wakes: () => void;
  readonly #listeners = new ChangeListeners();
  #channel: BroadcastChannel | undefined;
  #stops: (() => void)[] = [];

  /** `sleeps` is called when the page goes into the back-forward cache, where it must hold nothing that others wait for. */
  constructor(name: string, sleeps: () => void) {
    this.#name = `tokenflight ${name}`;
    // What was written while the page slept, it was not told of.
    this.#wakes = () => {
      this.#open();
      this.#listeners.tell();
    };
    const asleep = (event: Event): void => {
      if (!(event as PageTransitionEvent).persisted) return;
      this.#close();
      sleeps();
    };
    const shown = (event: Event): void => {
      if ((event as PageTransitionEvent).persisted) this.#wakes();
    };
    const seen = (): void => {
      if (document.visibilityState === "visible") this.#wakes();
    };
    this.#listen(globalThis, "pagehide", asleep);
    this.#listen(globalThis, "pageshow", shown);
    if (typeof document === "undefined") return;
    this.#listen(document, "visibilitychange", seen);
    // Chromium tells of a page that it had frozen.
    this.#listen(document, "resume", this.#wakes);
  }

  watch(key: string, changed: () => void): () => void {
    this.#open();
    return this.#listeners.watch(key, changed);
  }

  watchAll(changed: ChangeListener): () => void {
    this.#open();
    return this.#listeners.watchAll(changed);
  }

  /** This page wrote, into a database that others read as well unless `isPrivate`. */
  wrote(key: string, version: Version, mark: string | undefined, isPrivate: boolean): void {
    this.#listeners.tell(key, version, mark);
    if (isPrivate) return;
    this.#open();
    this.#channel?.postMessage({ key, version, mark });
  }

  /** Anything may have changed. */
  tell(): void {
    this.#listeners.tell();
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
    this.#close();
    this.#listeners.clear();
  }

  /** Where the browser has no such channel, caches look into the store from time to time. */
  #open(): void {
    if (this.#channel !== undefined || this.#stops.length === 0) return;
    this.#channel = openChannel(this.#name);
    if (this.#channel === undefined) return;
    this.#channel.onmessage = ({ data }: MessageEvent<Message | null>) => {
      const [key, version, mark] = [data?.key, data?.version, data?.mark];
      if (typeof key !== "string" || typeof version !== "string") return this.#listeners.tell();
      this.#listeners.tell(key, version, typeof mark === "string" ? mark : undefined);
    };
  }

  #close(): void {
    this.#channel?.close();
    this.#channel = undefined;
  }

  #listen(target: EventTarget, type: string, listener: (event: Event) => void): void {
    target.addEventListener(type, listener);
    this.#stops.push(() => target.removeEventListener(type, listener));
  }
}
