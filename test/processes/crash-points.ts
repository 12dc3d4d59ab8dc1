import { writeSync } from "node:fs";
import type { TokenSource, TokenStore } from "@tokenflight/core";
import type { FetchFunction } from "@tokenflight/oauth";
import type { Crash, HoldPoint } from "./member-commands.ts";
import { stopPipe } from "./serve-commands.ts";

/** Names this process's own crash to the token server, which lets its request wait until the process has ended or stopped. */
export const crashHeader = "x-crash";

/**
 * Ends or stops this process at a named point of a refresh, or holds the refresh there. Nothing in the library knows of it: the points are
 * found in the store, the token source and the fetch that it was given.
 */
export class CrashPoints {
  #crash: Crash | undefined;
  #hold: { readonly point: HoldPoint; readonly wait: () => Promise<void> } | undefined;
  #intentSeen = Promise.withResolvers<void>();
  readonly #isSealed: boolean;
  #writes = 0;

  /** `isSealed`: nobody can read what is written. Of a process that is alone, each second write is a result. */
  constructor({ isSealed = false } = {}) {
    this.#isSealed = isSealed;
  }

  arm(crash: Crash): void {
    this.#crash = crash;
  }

  /** Every refresh that gets to this point waits there for `wait`. */
  hold(point: HoldPoint, wait: () => Promise<void>): void {
    this.#hold = { point, wait };
  }

  /** Resolves when this process has next read that a refresh is under way, its own or that of another one. */
  intentSeen(): Promise<void> {
    this.#intentSeen = Promise.withResolvers();
    return this.#intentSeen.promise;
  }

  inStore(store: TokenStore): TokenStore {
    return {
      ...store,
      read: async (key, options) => {
        const entry = await store.read(key, options);
        if (entry !== undefined && !this.#isSealed && hasIntent(entry.value)) this.#intentSeen.resolve();
        return entry;
      },
      compareAndSet: async (key, expected, value, options) => {
        this.#writes += 1;
        const isIntent = this.#isSealed ? this.#writes % 2 === 1 : hasIntent(value);
        await this.#reach(isIntent ? "before-intent" : "before-result");
        const version = await store.compareAndSet(key, expected, value, options);
        if (version !== undefined) await this.#reach(isIntent ? "intent-written" : "result-written");
        return version;
      },
    };
  }

  inSource(source: TokenSource): TokenSource {
    const wrapped: TokenSource = async (context) => {
      const given = await source(context);
      await this.#reach("server-consumed");
      return given;
    };
    return Object.assign(wrapped, source);
  }

  /** The same in a fetch function that nothing but refreshes go through. */
  inFetch(fetch: FetchFunction): FetchFunction {
    return async (url, init) => {
      const response = await fetch(url, init);
      await this.#reach("server-consumed");
      return response;
    };
  }

  /** "request-sent" is where no process can find itself: the server has the request, and has done nothing yet. */
  readonly fetch: FetchFunction = (url, init) => {
    if (this.#crash?.point !== "request-sent") return fetch(url, init);
    const headers = new Headers(init?.headers);
    headers.set(crashHeader, String(process.pid));
    return fetch(url, { ...init, headers });
  };

  #reach(point: HoldPoint): Promise<void> | undefined {
    if (this.#crash?.point === point) this.crash();
    return this.#hold?.point === point ? this.#hold.wait() : undefined;
  }

  /** Goes on from here only when it was stopped, and somebody lets it go on. */
  crash(): void {
    if (this.#crash === undefined) return;
    const { signal } = this.#crash;
    this.#crash = undefined;
    if (signal === "SIGSTOP") writeSync(stopPipe, ".");
    process.kill(process.pid, signal);
  }
}

function hasIntent(value = "{}"): boolean {
  return (JSON.parse(value) as { intent?: unknown }).intent !== undefined;
}
