import { createScope } from "../../platform/scope.ts";
import type { RequestLog } from "../request-log.ts";
import { isKnownFetch, type FetchFunction } from "./fetch-function.ts";

/** A call of a global function, in which others may be made. */
export interface Calling {
  /** Undefined once it was answered: what was begun in it may go on, as a poller does, and makes calls of its own then. */
  owner: GlobalFetch | undefined;
  /** The function that is called. */
  readonly fetch: FetchFunction;
  /** The URL of the call. */
  readonly url: string;
  /** The one that it was made in. */
  around: Calling | undefined;
}

/** Knows of a call however much later, and in whatever form, it leads back. Not every platform has it. */
const scope = createScope<Calling>();

/**
 * The global fetch, looked up at each call: what a test or an instrumentation puts in its place later counts. Where that leads back to the wrapper that was
 * made of it (`globalThis.fetch = bearer(...)(globalThis.fetch)`), the function that was given is called. So it is for whatever else the global function calls the
 * wrapper with before it has answered: it means what the wrapper was made of, and a circle would have no end.
 */
export class GlobalFetch {
  readonly #given: FetchFunction;
  /** Is put on the init of a call, so that a function that calls the wrapper with it is noticed. Others have marks of their own. */
  readonly #mark = Symbol("called by tokenflight");
  readonly #callers = new WeakMap<FetchFunction, FetchFunction>();
  readonly #leadingBack = new WeakSet<FetchFunction>();
  /** The call that is being made in this moment. */
  #calling: Calling | undefined;
  #wrapper: FetchFunction | undefined;
  /** Whether the wrapper itself has been made the global function: whatever is around it then leads to it. */
  #isGlobal = false;

  constructor(given: FetchFunction) {
    this.#given = given;
  }

  /** The function that was made of it. */
  set wrapper(wrapper: FetchFunction) {
    this.#wrapper = wrapper;
    queueMicrotask(() => this.#look());
  }

  #look(): void {
    this.#isGlobal ||= globalThis.fetch === this.#wrapper;
  }

  /** The function to call now. */
  get current(): FetchFunction {
    const { fetch } = globalThis;
    this.#look();
    if (fetch === this.#given || this.#isGlobal || typeof fetch !== "function" || this.#leadingBack.has(fetch)) return this.#given;
    if (isKnownFetch(fetch)) return fetch;
    let caller = this.#callers.get(fetch);
    if (caller === undefined) this.#callers.set(fetch, (caller = (input, init) => this.#call(fetch, input, init)));
    return caller;
  }

  /** Calls a function that may lead back to the wrapper. */
  async #call(fetch: FetchFunction, input: string | URL | Request, init: RequestInit | undefined): Promise<Response> {
    if (this.#leadingBack.has(fetch)) return this.#given(input, init);
    const calling: Calling = { owner: this, fetch, url: urlOf(input), around: scope.current() };
    // A chain of calls that each began the next one does not grow.
    while (calling.around && !calling.around.owner) calling.around = calling.around.around;
    this.#calling = calling;
    try {
      const answer = scope.run(calling, () => fetch(input, init == null || isPlain(init) ? { ...init, [this.#mark]: calling } : init));
      this.#calling = undefined;
      return await answer;
    } finally {
      calling.owner = undefined;
    }
  }

  /** The call of the global function that a call of the wrapper is made in, if that has not been answered yet. */
  callAround(init: RequestInit | undefined): Calling | undefined {
    for (let calling of [this.#markOf(init), this.#calling, scope.current()])
      for (; calling !== undefined; calling = calling.around) if (calling.owner === this) return calling;
    return undefined;
  }

  #markOf(init: RequestInit | undefined): Calling | undefined {
    return (init as Record<symbol, Calling> | null | undefined)?.[this.#mark];
  }

  /** An init as the caller gave it, and as the global function has changed it. */
  unmarked(init: RequestInit | undefined): RequestInit | undefined {
    if (this.#markOf(init) === undefined || !isPlain(init as RequestInit)) return init;
    const { [this.#mark as never]: _, ...unmarked } = init as RequestInit;
    return unmarked;
  }

  /**
   * Where a call that is made in another one tells that it goes without a token of ours. If it is the same request, that one has told already, or has put the
   * token on, and the global function leads back: the given one is called from now on.
   */
  logWithin(outer: Calling, init: RequestInit | undefined, log: RequestLog): Pick<RequestLog, "withoutToken"> {
    return {
      withoutToken: (url, reason) => {
        if (reason !== "own-credentials" && this.#markOf(init) !== outer && url !== outer.url) log.withoutToken(url, reason);
        else this.#leadingBack.add(outer.fetch);
      },
    };
  }
}

function urlOf(input: string | URL | Request): string {
  // A caller may give anything, and it is for the function beneath to refuse it.
  return typeof input === "object" && input !== null && "url" in input ? input.url : String(input);
}

/** Whether nothing but its own properties counts. */
function isPlain(init: object): boolean {
  const prototype = Object.getPrototypeOf(init) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
