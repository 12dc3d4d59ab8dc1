import axios, { type AxiosAdapter, type InternalAxiosRequestConfig } from "axios";
import { hasOwnFetch, withRecordingFetch } from "./recording-fetch.ts";

type NamedAdapter = NonNullable<InternalAxiosRequestConfig["adapter"]>;

/** Sends a request with this adapter. */
export type SendWith = (adapter: AxiosAdapter, config: InternalAxiosRequestConfig) => ReturnType<AxiosAdapter>;

/**
 * Gives the adapter of a request a wrapper that calls `send` in its place. A wrapper is not wrapped again: a config that
 * another interceptor rejected after ours still names its wrapper, and the caller may request it once more.
 */
export function createAdapterWrapper(send: SendWith): (config: InternalAxiosRequestConfig) => AxiosAdapter {
  const wrappers = new WeakSet<AxiosAdapter>();
  const wrapperOf = new WeakMap<AxiosAdapter, AxiosAdapter>();
  // Nearly all requests name their adapter as the one before did, namely by the defaults.
  let last: { named: NamedAdapter; wrapper: AxiosAdapter } | undefined;

  const wrap = (named: NamedAdapter, adapter: AxiosAdapter): AxiosAdapter => {
    const wrapper: AxiosAdapter = (config) => {
      // The config that a response or an error shows names the adapter as the caller did.
      config.adapter = named;
      return send(adapter, config);
    };
    wrappers.add(wrapper);
    return wrapper;
  };

  return (config) => {
    const named = config.adapter || (axios.defaults.adapter as NamedAdapter);
    if (typeof named === "function") {
      if (wrappers.has(named)) return named;
      let wrapper = wrapperOf.get(named);
      if (wrapper === undefined) wrapperOf.set(named, (wrapper = wrap(named, named)));
      return wrapper;
    }
    if (hasOwnFetch(config)) return wrap(named, axios.getAdapter(named, withRecordingFetch(config)));
    if (last === undefined || !isSame(named, last.named)) {
      last = { named, wrapper: wrap(named, axios.getAdapter(named, withRecordingFetch(config))) };
    }
    return last.wrapper;
  };
}

/** axios copies the list of names for each request. */
function isSame(one: NamedAdapter, other: NamedAdapter): boolean {
  if (!Array.isArray(one) || !Array.isArray(other)) return one === other;
  return one.length === other.length && one.every((name, index) => name === other[index]);
}
