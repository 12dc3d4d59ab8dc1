import { createScope } from "../../refresh/callers.ts";
import { isKnownFetch, type FetchFunction } from "./fetch-function.ts";

/** A call of a global function, in which another one may be made. */
interface Calling {
  readonly owner: GlobalFetch;
  readonly fetch: FetchFunction;
  readonly url: string;
  readonly around: Calling | undefined;
}

/** Knows of a call however much later, and in whatever form, it leads back. Not every platform has it. */
const scope = createScope<Calling>();

/**
 * The global fetch, looked up at each call: what a test or an instrumentation puts in its place later counts. Where that leads back to the wrapper that was
 * made of it (`globalThis.fetch = bearer(...)(globalThis.fetch)`), the function that was given is called.
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
    if (caller === undefined) this.#callers.set(fetch, (caller = this.#callerOf(fetch)));
    return caller;
  }

  /** Calls a function that may lead back to the wrapper. */
  #callerOf(fetch: FetchFunction): FetchFunction {
    return (input, init) => (this.#leadingBack.has(fetch) ? this.#given(input, init) : this.#call(fetch, input, init));
  }

  #call(fetch: FetchFunction, input: string | URL | Request, init: RequestInit | undefined): Promise<Response> {
    const before = this.#calling;
    const calling: Calling = { owner: this, fetch, url: urlOf(input), around: scope.current() };
    this.#calling = calling;
    try {
      return scope.run(calling, () => fetch(input, init === undefined || isPlain(init) ? { ...init, [this.#mark]: fetch } : init));
    } finally {
      this.#calling = before;
    }
  }

  /** Whether a call of the wrapper comes from the very function that it would call. */
  isCalledBack(input: string | URL | Request, init: RequestInit | undefined): boolean {
    const marked = (init as Record<symbol, FetchFunction> | null | undefined)?.[this.#mark];
    const caller = marked ?? this.#callingFor(urlOf(input))?.fetch;
    if (caller === undefined) return false;
    this.#leadingBack.add(caller);
    return true;
  }

  /** The call of this object's that the code which runs now belongs to, if it was for the same URL. */
  #callingFor(url: string): Calling | undefined {
    for (let calling = this.#calling ?? scope.current(); calling !== undefined; calling = calling.around)
      if (calling.owner === this && calling.url === url) return calling;
    return undefined;
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
