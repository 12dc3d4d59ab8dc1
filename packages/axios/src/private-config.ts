import { mayBeRedirected, type HeaderFields } from "@tokenflight/core";
import type { AxiosHeaders, InternalAxiosRequestConfig } from "axios";

/** Like the configs that axios makes, it takes nothing from `Object.prototype`, whatever may have been written there. */
class PrivateConfig {
  static {
    Object.setPrototypeOf(this.prototype, null);
    Object.defineProperty(this.prototype, "hasOwnProperty", {
      value(this: object, key: PropertyKey): boolean {
        return Object.hasOwn(this, key);
      },
    });
  }
}

type Copied = Record<PropertyKey, unknown>;

/**
 * The config that an adapter gets: the caller's, with the header fields on headers of its own, and without `validateStatus`, so that
 * a refusal comes back as a response. The caller's own config never contains the token.
 */
export function privateConfig(config: InternalAxiosRequestConfig, fields: HeaderFields): InternalAxiosRequestConfig {
  const copy = new PrivateConfig() as Copied;
  // axios's configs inherit nothing and are slow to spread. Copying their fields one by one takes a quarter of the time.
  for (const key in config) copy[key] = (config as unknown as Copied)[key];
  for (const key of Object.getOwnPropertySymbols(config)) copy[key] = (config as unknown as Copied)[key];
  copy["headers"] = withFields(config.headers, fields);
  copy["validateStatus"] = null;
  if (!mayBeRedirected(fields)) copy["maxRedirects"] = 0;
  return copy as unknown as InternalAxiosRequestConfig;
}

function withFields(headers: AxiosHeaders, fields: HeaderFields): AxiosHeaders {
  const copy = Object.assign(Object.create(Object.getPrototypeOf(headers) as object) as AxiosHeaders, headers);
  for (const name of Object.keys(fields)) {
    // The caller has no Authorization here, or the request would be sent untouched. Any other field may be there in another spelling.
    if (name === "authorization") copy[name] = fields[name] as string;
    else copy.set(name, fields[name], true);
  }
  return copy;
}

/** Shows the caller the headers that the adapter added, as the caller's config would without us, but not ours. */
export function showHeaders(config: InternalAxiosRequestConfig, sent: InternalAxiosRequestConfig, fields: HeaderFields): void {
  for (const name of Object.keys(sent.headers)) {
    if (config.headers[name] !== sent.headers[name] && !Object.hasOwn(fields, name.toLowerCase()))
      config.headers[name] = sent.headers[name];
  }
}
