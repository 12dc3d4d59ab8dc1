import type { InternalAxiosRequestConfig } from "axios";

/** axios's own test for a URL that does not get the base URL in front. */
const absolute = /^(?:[a-z][a-z\d+\-.]*:)?\/\//i;

/** A URL without an origin that could be allowed. */
const nowhere = "about:blank";

/**
 * The part of a request's URL that decides its origin: its own URL, or the base URL when axios puts that in front. Building
 * the whole URL costs many times as much and would tell no more.
 */
export function targetOf({ url = "", baseURL, allowAbsoluteUrls, socketPath }: InternalAxiosRequestConfig): string {
  // A UNIX socket is no origin, whatever the URL's host says.
  if (socketPath) return nowhere;
  const given: unknown = url;
  if (typeof given !== "string") return !baseURL && given instanceof URL ? given.href : nowhere;
  return baseURL && (allowAbsoluteUrls === false || !absolute.test(given)) ? baseURL : given;
}

/** The same URL, absolute: in a browser, URLs may be relative to the page. */
export function onPage(url: string): string {
  if (absolute.test(url)) return url;
  const { document, location } = globalThis as { document?: { baseURI?: string }; location?: { href?: string } };
  const page = document?.baseURI ?? location?.href;
  return page === undefined ? url : (URL.parse(url, page)?.href ?? url);
}
