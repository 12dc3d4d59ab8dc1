export type FetchFunction = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

const atLoad: unknown = globalThis.fetch;

/** Whether this is the platform's own function, which takes `Authorization` off a request that a redirect sends to another origin. */
export function isPlatformFetch(fetch: FetchFunction): boolean {
  return fetch === atLoad;
}

/** Is put on the init of a call, so that a function that calls ours with it is noticed. */
const by = Symbol("called by tokenflight");

/**
 * The global fetch, looked up at each call: what a test or an instrumentation puts in its place later counts. Where that leads back to the wrapper that was
 * made of it (`globalThis.fetch = bearer(...)(globalThis.fetch)`), the function that was given is called.
 */
export class GlobalFetch {
  readonly #given: FetchFunction;
  readonly #leadingBack = new WeakSet<FetchFunction>();
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

  readonly call: FetchFunction = (input, init) => {
    const given = this.#given;
    const { fetch } = globalThis;
    this.#look();
    if (fetch === given || this.#isGlobal || this.#leadingBack.has(fetch)) return given(input, init);
    const before = this.#calling;
    this.#calling = { fetch, url: urlOf(input) };
    try {
      const marked: RequestInit & { [by]?: FetchFunction } = { ...init, [by]: fetch };
      return fetch(input, init === undefined || isPlain(init) ? marked : init);
    } finally {
      this.#calling = before;
    }
  };

  /** Whether a call of the wrapper comes from the very function that it would call. */
  isCalledBack(input: string | URL | Request, init: RequestInit | undefined): boolean {
    const marked = (init as { [by]?: FetchFunction } | undefined)?.[by];
    const caller = marked ?? (this.#calling?.url === urlOf(input) ? this.#calling.fetch : undefined);
    if (caller === undefined) return false;
    this.#leadingBack.add(caller);
    return true;
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
