import { isKnownFetch, type FetchFunction } from "./fetch-function.ts";

/** Calls under way through one function. More of them are most likely a circle: the function calls what was made of it, in a way that shows no mark. */
const mostUnderWay = 500;

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
  /** What calls came to that would have been too many. */
  readonly #outcomes = new WeakSet<object>();
  #calling: { readonly fetch: FetchFunction; readonly url: string } | undefined;
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
    let underWay = 0;
    return (input, init) => {
      if (this.#leadingBack.has(fetch)) return this.#given(input, init);
      if (underWay >= mostUnderWay) return watched(this.#given(input, init), (outcome) => this.#outcomes.add(outcome));
      const answer = this.#callMarked(fetch, input, init);
      underWay += 1;
      return watched(answer, (outcome) => {
        underWay -= 1;
        // What the given function answered came back through this one.
        if (this.#outcomes.has(outcome)) this.#leadingBack.add(fetch);
      });
    };
  }

  #callMarked(fetch: FetchFunction, input: string | URL | Request, init: RequestInit | undefined): Promise<Response> {
    const before = this.#calling;
    this.#calling = { fetch, url: urlOf(input) };
    try {
      return fetch(input, init === undefined || isPlain(init) ? { ...init, [this.#mark]: fetch } : init);
    } finally {
      this.#calling = before;
    }
  }

  /** Whether a call of the wrapper comes from the very function that it would call. */
  isCalledBack(input: string | URL | Request, init: RequestInit | undefined): boolean {
    const marked = (init as Record<symbol, FetchFunction> | null | undefined)?.[this.#mark];
    const caller = marked ?? (this.#calling?.url === urlOf(input) ? this.#calling.fetch : undefined);
    if (caller === undefined) return false;
    this.#leadingBack.add(caller);
    return true;
  }
}

/** The same answer, of whose outcome, a response or an error, `tell` hears first. */
async function watched(answer: Promise<Response>, tell: (outcome: object) => void): Promise<Response> {
  try {
    const response = await answer;
    tell(Object(response) as object);
    return response;
  } catch (error) {
    tell(Object(error) as object);
    throw error;
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
