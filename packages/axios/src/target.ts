import type { InternalAxiosRequestConfig } from "axios";

/** axios's own test for a URL that does not get the base URL in front. */
const absolute = /^(?:[a-z][a-z\d+\-.]*:)?\/\//i;

/**
 * The part of a request's URL that decides its origin: its own URL, or the base URL when axios puts that in front. Building
 * the whole URL costs many times as much and is not needed to know where it leads.
 */
export function targetOf(config: InternalAxiosRequestConfig): string {
  const url = config.url ?? "";
  const { baseURL } = config;
  // A unix socket is no origin, whatever the URL's host says.
  if (config.socketPath) return "";
  return baseURL && (config.allowAbsoluteUrls === false || !absolute.test(url)) ? baseURL : url;
}

/** Whether the caller chose another authentication, or none: Authorization in any spelling and with any value, or `auth`. */
export function hasOwnCredentials(config: InternalAxiosRequestConfig): boolean {
  return Boolean(config.auth) || config.headers.has("Authorization");
}
