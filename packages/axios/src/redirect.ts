import type { AxiosResponse } from "axios";
import { answerTo } from "./recording-fetch.ts";

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

/** `sentTo` is asked only when there is a URL to compare it with. */
export function redirectOf({ request }: AxiosResponse<unknown>, sentTo: () => string): Redirect {
  const answer = answerTo(request);
  if (answer !== undefined) return answer;
  // A fetch adapter that was not given our recording function, or makes no Request objects to know an answer by.
  if (request === false || request instanceof Request) return { redirected: undefined, url: undefined };
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
