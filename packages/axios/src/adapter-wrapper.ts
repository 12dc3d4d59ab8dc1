import type { AxiosAdapter, InternalAxiosRequestConfig } from "axios";
import { usesFetch } from "./recording-fetch.ts";

export type NamedAdapter = InternalAxiosRequestConfig["adapter"];

/** What sends a request in the end. */
export interface Transport {
  readonly send: AxiosAdapter;
  /** Whether axios knows it by its name, or by several: then it takes nothing from a config but what axios documents, and changes only its headers. */
  readonly isNamed: boolean;
  /** Whether it is axios's adapter for fetch. */
  readonly isFetch: boolean;
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
      if (wrapper === undefined) wrapperOf.set(named, (wrapper = wrap(named, { send: named, isNamed: false, isFetch: false })));
      return wrapper;
    }
    if (last === undefined || !isSame(named, last.named)) {
      last = { named, wrapper: wrap(named, { send: byName, isNamed: true, isFetch: usesFetch(named) }) };
    }
    return last.wrapper;
  };
}

/** axios copies the list of names for each request. */
function isSame(one: NamedAdapter, other: NamedAdapter): boolean {
  if (!Array.isArray(one) || !Array.isArray(other)) return one === other;
  return one.length === other.length && one.every((name, index) => name === other[index]);
}
