import {
  guarded,
  InvalidOptionError,
  kindOf,
  readOptions,
  requireFunction,
  requireSeconds,
  requireThat,
  requireWebCrypto,
  shared,
} from "@tokenflight/core";
import type { Clock, KeepAlive, TokenStore } from "@tokenflight/core";
import { SingleUses } from "@tokenflight/core/single-use";
import type { FetchFunction } from "@tokenflight/core/fetch";
import type { RefreshOnceEvent } from "./events.ts";
import { lookAtCall, type Input, type PassThrough } from "./call/look-at-call.ts";
import type { RefreshCall } from "./call/refresh-call.ts";
import { Refreshes } from "./refreshes.ts";

/** The options of `refreshOnce`. */
export interface RefreshOnceOptions {
  /** Where the processes share their answers: one of SQLite for a machine, of Redis for several, of memory for one process. */
  store: TokenStore;
  /**
   * Seconds for which the answer is kept that replaces a refresh token: a grace time on the client's side. For so long, whoever has the old refresh token and may
   * read the store is led to its successor. Default 86,400, a day; at most 30 days. After it, an old refresh token is sent as if it were new.
   */
  keep?: number | undefined;
  /** Seconds that a refresh (default 10) and a store operation (default: what the store says, or 1) may take. One and a half times the first, a process counts as gone that is silent. */
  timeouts?:
    | {
        /** Seconds that a refresh may take. Default 10. */
        request?: number | undefined;
        /** Seconds that a store operation may take. Default: the store's own `operationTimeout`, or 1. */
        store?: number | undefined;
      }
    | undefined;
  /** Is given each refresh, so that the platform does not end before its answer is stored: `waitUntil` of a worker. Default: nobody is told. */
  keepAlive?: KeepAlive | undefined;
  /** Is told what happens; what it throws is ignored. Default: nobody is told. */
  observe?: ((event: RefreshOnceEvent) => void) | undefined;
  /** Says what time it is, and waits. Default: the system's clock. */
  clock?: Clock | undefined;
}

/** Wraps a fetch function, whichever: the platform's, undici's, a framework's. What comes out is called as what went in. */
export type RefreshOnceWrapper = <Input, Init, Answer extends { readonly status: number }>(
  fetch: (input: Input, init?: Init) => Promise<Answer>,
) => (input: Input, init?: Init) => Promise<Answer>;

/** Seconds: 30 days. */
const longestKeep = 2_592_000;

const attached = shared("refresh-once.attached.1", () => new WeakSet<object>());

/**
 * Wraps a fetch function for OAuth libraries: each refresh token is sent once over all processes that share the store, and all who come with it get the
 * answer, each a Response of its own. One that was under way when its process died, or whose answer was lost, is sent once more. Everything that is no
 * refresh goes to the wrapped function untouched, and unread.
 *
 * A refresh rejects with what the wrapped function rejects with, with the reason of its signal, or with a TokenflightError: StoreError while the store is away,
 * since nothing is sent before it has the intent to; TokenRequestError while the last request's outcome is unknown and its pause not over.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`); so does the wrapper.
 * @example
 * ```ts
 * const once = refreshOnce({ store: sqliteStore({ path: "/var/lib/my-app/refreshes.db" }) })(fetch);
 * ```
 */
export function refreshOnce(options: RefreshOnceOptions): RefreshOnceWrapper {
  const read = readOptions<RefreshOnceOptions>("refreshOnce", options, ["store", "keep", "timeouts", "keepAlive", "observe", "clock"]);
  const { store, keep = 86_400, timeouts, keepAlive, clock } = read;
  requireWebCrypto("refreshOnce");
  requireThat(typeof store === "object" && store !== null, "store", "a store", store);
  requireSeconds("keep", keep, longestKeep);
  requireThat(keep >= 1, "keep", "one second or more", keep);
  if (read.observe !== undefined) requireFunction("observe", read.observe);
  const observe = guarded(read.observe);
  const uses = new SingleUses({ timeouts, keepAlive, clock }, store);
  const refreshes = new Refreshes({ uses, store, keep, observe });
  const passThrough: PassThrough = (endpoint, reason) => observe({ type: "passed-through", endpoint, reason });

  return (fetch) => {
    if (typeof fetch !== "function") throw new InvalidOptionError("fetch", "a fetch function", kindOf(fetch));
    if (attached.has(fetch)) throw new InvalidOptionError("fetch", "a fetch function that sends each refresh token once", "one that does");
    // Every fetch takes what the platform's takes, in types of its own.
    const beneath = fetch as unknown as FetchFunction;
    const once = (...given: [input: Input, init?: RequestInit]): Promise<Response> => {
      const answer = (call: RefreshCall | undefined): Promise<Response> =>
        call === undefined || refreshes.isSentByAnother(call) ? beneath(...given) : refreshes.answer(call);
      const call = lookAt(beneath, given, passThrough);
      return call instanceof Promise ? call.then(answer) : answer(call);
    };
    for (const name of ["name", "length"] as const) Object.defineProperty(once, name, { value: fetch[name], configurable: true });
    attached.add(once);
    return once as unknown as typeof fetch;
  };
}

/** What cannot be looked at is none of ours: the wrapped function says what is wrong with it. */
function lookAt(
  fetch: FetchFunction,
  [input, init]: [input: Input, init?: RequestInit],
  passThrough: PassThrough,
): RefreshCall | undefined | Promise<RefreshCall | undefined> {
  try {
    const call = lookAtCall(fetch, input, init, passThrough);
    return call instanceof Promise ? call.catch(() => undefined) : call;
  } catch {
    return undefined;
  }
}
