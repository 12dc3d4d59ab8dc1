import { writeSync } from "node:fs";
import type { TokenSource, TokenStore } from "@tokenflight/core";
import type { FetchFunction } from "@tokenflight/oauth";
import type { Crash, CrashPoint } from "./member-commands.ts";
import { stopPipe } from "./serve-commands.ts";

/** Names this process's own crash to the token server, which lets its request wait until the process has ended or stopped. */
export const crashHeader = "x-crash";

/**
 * Ends or stops this process at a named point of a refresh. Nothing in the library knows of it: the points are found in the store, the
 * token source and the fetch that it was given.
 */
export class CrashPoints {
  #crash: Crash | undefined;

  arm(crash: Crash): void {
    this.#crash = crash;
  }

  inStore(store: TokenStore): TokenStore {
    return {
      ...store,
      compareAndSet: async (key, expected, value, options) => {
        const { intent } = JSON.parse(value ?? "{}") as { intent?: unknown };
        if (intent !== undefined) this.#reach("before-intent");
        const version = await store.compareAndSet(key, expected, value, options);
        if (version !== undefined) this.#reach(intent === undefined ? "result-written" : "intent-written");
        return version;
      },
    };
  }

  inSource(source: TokenSource): TokenSource {
    const wrapped: TokenSource = async (context) => {
      const given = await source(context);
      this.#reach("server-consumed");
      return given;
    };
    return Object.assign(wrapped, source);
  }

  /** "request-sent" is where no process can find itself: the server has the request, and has done nothing yet. */
  readonly fetch: FetchFunction = (url, init) => {
    if (this.#crash?.point !== "request-sent") return fetch(url, init);
    const headers = new Headers(init?.headers);
    headers.set(crashHeader, String(process.pid));
    return fetch(url, { ...init, headers });
  };

  #reach(point: CrashPoint): void {
    if (this.#crash?.point === point) this.crash();
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
