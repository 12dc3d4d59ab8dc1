import type { Redirect } from "@tokenflight/core";
import { answerTo } from "./recording-fetch.ts";

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
  if (Object.prototype.toString.call(request) === "[object Request]") {
    const answer = answerTo(request as object);
    return answer === undefined ? unknown : { redirected: answer.url !== undefined, url: answer.url };
  }
  // axios's fetch adapter gives some fetch functions no Request objects, and then nothing tells of a redirect.
  if (isFetch || request === false) return unknown;
  const { res, _redirectable, responseURL } = (request ?? {}) as FollowingRequest;
  if (responseURL !== undefined && URL.canParse(responseURL)) return { redirected: !isSameUrl(responseURL, sentTo()), url: responseURL };
  // An adapter that shows no request, such as a test's, follows nothing.
  return { redirected: (_redirectable?._redirectCount ?? 0) > 0, url: res?.responseUrl };
}

/** The fragment is never sent. */
function isSameUrl(one: string, other: string): boolean {
  const [first, second] = [URL.parse(one), URL.parse(other)];
  return first?.origin === second?.origin && first?.pathname === second?.pathname && first?.search === second?.search;
}
