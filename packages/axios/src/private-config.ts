import { hasOwn, type HeaderFields } from "@tokenflight/core";
import type { AxiosHeaders, InternalAxiosRequestConfig } from "axios";

/** Like the configs that axios makes, it takes nothing from `Object.prototype`, whatever may have been written there. */
class PrivateConfig {
  declare readonly hasOwnProperty: (key: PropertyKey) => boolean;
}
Object.setPrototypeOf(PrivateConfig.prototype, null);
Object.defineProperty(PrivateConfig.prototype, "hasOwnProperty", {
  value(this: object, key: PropertyKey): boolean {
    return hasOwn(this, key);
  },
});

type Copied = Record<PropertyKey, unknown>;

/**
 * The config that an adapter gets: a copy of the caller's, whose own headers never contain the token. `isForAxios`: axios's own adapters look at no
 * symbols.
 */
export function privateConfig(config: InternalAxiosRequestConfig, isForAxios: boolean): InternalAxiosRequestConfig {
  const copy = new PrivateConfig() as Copied;
  // axios's configs inherit nothing and are slow to spread. Copying their fields one by one takes a quarter of the time.
  for (const key in config) copy[key] = (config as unknown as Copied)[key];
  if (!isForAxios) for (const key of Object.getOwnPropertySymbols(config)) copy[key] = (config as unknown as Copied)[key];
  copy["headers"] = copyOf(config.headers);
  return copy as unknown as InternalAxiosRequestConfig;
}

function copyOf(headers: AxiosHeaders): AxiosHeaders {
  return Object.assign(Object.create(Object.getPrototypeOf(headers) as object) as AxiosHeaders, headers);
}

/** Takes header fields off a private config. */
export function takeOff({ headers }: InternalAxiosRequestConfig, fields: HeaderFields): void {
  for (const name of Object.keys(fields)) delete headers[name];
}

/** Shows the caller the headers that the adapter added, as the caller's config would without us, but not ours. */
export function showHeaders(
  { headers: shown }: InternalAxiosRequestConfig,
  { headers: sent }: InternalAxiosRequestConfig,
  ours: HeaderFields,
): void {
  for (const name of Object.keys(sent)) {
    const value = sent[name];
    if (shown[name] !== value && ours[name] !== value) shown[name] = value;
  }
}

const spelled = new WeakMap<HeaderFields, HeaderFields>();

/** The same fields with `Authorization` in the spelling of axios, which mocks and matchers look for. */
export function spelledForAxios(fields: HeaderFields): HeaderFields {
  let known = spelled.get(fields);
  if (known === undefined) {
    const { authorization, ...others } = fields;
    known = authorization === undefined ? fields : { Authorization: authorization, ...others };
    spelled.set(fields, known);
  }
  return known;
}
