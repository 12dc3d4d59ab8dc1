import { pageUrl, parseUrl, type Redirect } from "@tokenflight/core";
import type { InternalAxiosRequestConfig } from "axios";
import type { OwnCopy } from "./own-copy.ts";
import { redirectsOf } from "./redirects/recording-fetch.ts";

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

/**
 * Where a request may go besides, if this copy of axios is not known to put the base URL in front of an absolute one: before 1.8.4 not every part of axios
 * read `allowAbsoluteUrls`, and later some took other values for false.
 */
export function otherTargetOf({ url, baseURL, allowAbsoluteUrls }: InternalAxiosRequestConfig, copy: OwnCopy): string | undefined {
  const flag: unknown = allowAbsoluteUrls;
  if (flag == null || flag === true || !baseURL || !absolute.test(url as string)) return undefined;
  if (flag === false) return copy.putsBaseFirst ? undefined : url;
  return baseURL;
}

/** The same URL, absolute: in a browser, URLs may be relative to the page. */
export function onPage(url: string): string {
  if (absolute.test(url)) return url;
  return parseUrl(url, pageUrl())?.href ?? url;
}

/** What adapters that follow redirects tell about them in `response.request`. */
interface FollowingRequest {
  /** The http adapter: Node's request, which follow-redirects has made. */
  res?: { responseUrl?: string };
  _redirectable?: { _redirectCount?: number };
  /** The xhr adapter. */
  responseURL?: string;
}

const unknown: Redirect = { redirected: undefined, url: undefined };

/** What the request of a response tells about redirects. `sentTo` is called only when there is a URL to compare it with. */
export function redirectOf(request: unknown, isFetch: boolean, sentTo: () => string): Redirect {
  if (Object.prototype.toString.call(request) === "[object Request]") return redirectsOf(request as object) ?? unknown;
  // axios's fetch adapter gives some fetch functions no Request objects, and then nothing tells of a redirect.
  if (isFetch || request === false) return unknown;
  const { res, _redirectable, responseURL } = (request ?? {}) as FollowingRequest;
  if (responseURL !== undefined && parseUrl(responseURL) !== null)
    return { redirected: !isSameUrl(responseURL, sentTo()), url: responseURL };
  // An adapter that shows no request, such as a test's, follows nothing.
  return { redirected: (_redirectable?._redirectCount ?? 0) > 0, url: res?.responseUrl };
}

/** The fragment is never sent. */
function isSameUrl(one: string, other: string): boolean {
  const [first, second] = [parseUrl(one), parseUrl(other)];
  return first?.origin === second?.origin && first?.pathname === second?.pathname && first?.search === second?.search;
}
