import axios, { type AxiosAdapter, type InternalAxiosRequestConfig } from "axios";
import { hasOwnFetch, withRecordingFetch } from "./recording-fetch.ts";

type NamedAdapter = NonNullable<InternalAxiosRequestConfig["adapter"]>;

/** Sends a request that is to go through this adapter. */
export type Dispatch = (adapter: AxiosAdapter, config: InternalAxiosRequestConfig) => ReturnType<AxiosAdapter>;

/**
 * Gives, for a request, the adapter that puts `dispatch` before the one that the request would have had. An adapter that has it already
 * is not wrapped again.
 */
export function createAdapterWrapper(dispatch: Dispatch): (config: InternalAxiosRequestConfig) => AxiosAdapter {
  const ours = new WeakSet<AxiosAdapter>();
  const byFunction = new WeakMap<AxiosAdapter, AxiosAdapter>();
  // Nearly always, requests name their adapter as the one before did: by the defaults.
  let last: { named: NamedAdapter; wrapper: AxiosAdapter } | undefined;

  const wrap = (named: NamedAdapter, adapter: AxiosAdapter): AxiosAdapter => {
    const wrapper: AxiosAdapter = (config) => {
      // The config that a response or an error shows names the adapter as the caller did.
      config.adapter = named;
      return dispatch(adapter, config);
    };
    ours.add(wrapper);
    return wrapper;
  };

  return (config) => {
    const named = config.adapter || (axios.defaults.adapter as NamedAdapter);
    if (typeof named === "function") {
      if (ours.has(named)) return named;
      let wrapper = byFunction.get(named);
      if (wrapper === undefined) byFunction.set(named, (wrapper = wrap(named, named)));
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
