import axios, { type AxiosAdapter, type InternalAxiosRequestConfig } from "axios";

export type NamedAdapter = InternalAxiosRequestConfig["adapter"];

/** What sends a request in the end. */
export interface Transport {
  readonly send: AxiosAdapter;
  /**
   * Which of axios's adapters it is; "own" is a function of the caller's. axios's take nothing from a config but what axios documents, and change only its
   * headers.
   */
  readonly kind: "fetch" | "http" | "own" | "xhr";
}

/** Sends a request with this transport. */
export type SendWith = (transport: Transport, config: InternalAxiosRequestConfig) => ReturnType<AxiosAdapter>;

/**
 * Gives the adapter of a request a wrapper that calls `send` in its place; `byName` sends with the adapters that a config names. A wrapper is not wrapped
 * again: a config that another interceptor rejected after ours still names its wrapper, and the caller may request it once more.
 */
export function createAdapterWrapper(byName: AxiosAdapter, send: SendWith): (config: InternalAxiosRequestConfig) => AxiosAdapter {
  const wrappers = new WeakSet<AxiosAdapter>();
  const wrapperOf = new WeakMap<AxiosAdapter, AxiosAdapter>();
  // Nearly all requests name their adapter as the one before did, namely by the defaults.
  let last: { named: NamedAdapter; wrapper: AxiosAdapter } | undefined;

  const wrap = (named: NamedAdapter, transport: Transport): AxiosAdapter => {
    const wrapper: AxiosAdapter = (config) => {
      // The config that a response or an error shows names the adapter as the caller did.
      if (named === undefined) delete config.adapter;
      else config.adapter = named;
      return send(transport, config);
    };
    wrappers.add(wrapper);
    return wrapper;
  };

  return ({ adapter: named }) => {
    if (typeof named === "function") {
      if (wrappers.has(named)) return named;
      let wrapper = wrapperOf.get(named);
      if (wrapper === undefined) wrapperOf.set(named, (wrapper = wrap(named, transportOf(named))));
      return wrapper;
    }
    if (last === undefined || !isSame(named, last.named)) {
      last = { named, wrapper: wrap(named, { send: byName, kind: kindOf(named) }) };
    }
    return last.wrapper;
  };
}

/** A function of the caller's, or one of axios's, as `axios.getAdapter` gives them. By its name, that of fetch looks at `env`. */
function transportOf(given: AxiosAdapter): Transport {
  for (const kind of ["http", "fetch", "xhr"] as const) {
    try {
      if (axios.getAdapter(kind) === given) return { send: (config) => axios.getAdapter(kind, config)(config), kind };
    } catch {
      // This platform lacks it.
    }
  }
  return { send: given, kind: "own" };
}

/** axios copies the list of names for each request. */
function isSame(one: NamedAdapter, other: NamedAdapter): boolean {
  if (!Array.isArray(one) || !Array.isArray(other)) return one === other;
  return one.length === other.length && one.every((name, index) => name === other[index]);
}

/** axios takes the first adapter that there is. */
function kindOf(named: NamedAdapter): Transport["kind"] {
  const { XMLHttpRequest, process } = globalThis as { XMLHttpRequest?: unknown; process?: unknown };
  for (const name of [named ?? ["xhr", "http", "fetch"]].flat()) {
    const adapter = String(name).toLowerCase();
    if (typeof name === "function") return "own";
    if (adapter === "fetch" || (adapter === "xhr" && XMLHttpRequest !== undefined)) return adapter;
    if (adapter === "http" && Object.prototype.toString.call(process) === "[object process]") return adapter;
  }
  return "own";
}
