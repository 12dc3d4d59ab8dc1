import type { AxiosAdapter, AxiosResponse } from "axios";
import { isRecording, redirectionOf } from "./recording-fetch.ts";

/** Whether a response came after a redirect, and from where; undefined for what its adapter does not tell. */
export interface Redirect {
  redirected: boolean | undefined;
  url: string | undefined;
}

/** What the adapters that follow redirects tell about them in `response.request`. */
interface TellingRequest {
  /** http: Node's request, which follow-redirects has made. */
  res?: { responseUrl?: string };
  _redirectable?: { _redirectCount?: number };
  /** xhr. */
  responseURL?: string;
}

const unknown: Redirect = { redirected: undefined, url: undefined };

/** `sentTo` is asked only when there is a URL to compare it with. */
export function redirectOf({ request, config }: AxiosResponse<unknown>, adapter: AxiosAdapter, sentTo: () => string): Redirect {
  // A fetch function that is given no Request objects leaves nothing to know a redirect by.
  if (request === false) return unknown;
  if (isRecording(adapter, config)) {
    const url = redirectionOf(request as object);
    return { redirected: url !== undefined, url };
  }
  // A fetch adapter that was not given our function.
  if (request instanceof Request) return unknown;
  const { res, _redirectable, responseURL } = (request ?? {}) as TellingRequest;
  if (responseURL !== undefined && URL.canParse(responseURL)) return { redirected: !isSameUrl(responseURL, sentTo()), url: responseURL };
  // An adapter that shows no request, such as a test's, follows nothing.
  return { redirected: (_redirectable?._redirectCount ?? 0) > 0, url: res?.responseUrl };
}

/** The fragment is never sent. */
function isSameUrl(one: string, other: string): boolean {
  const [first, second] = [URL.parse(one), URL.parse(other)];
  return first?.origin === second?.origin && first?.pathname === second?.pathname && first?.search === second?.search;
}
