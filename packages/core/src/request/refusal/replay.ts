import { parseUrl } from "../../platform/fallbacks.ts";
import type { BearerPolicy } from "../bearer-policy.ts";
import type { SchemeRequest } from "../scheme.ts";

/** Whether a response came after a redirect, and from which URL; undefined for what the client hides. */
export interface Redirect {
  /** Whether a redirect was followed. Undefined when the client does not say. */
  readonly redirected: boolean | undefined;
  /** Where the response came from, after all redirects. Undefined when the client does not say. */
  readonly url: string | undefined;
}

/** RFC 9110 section 9.2.1, and QUERY. */
const safeMethods = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "QUERY"]);

/** Why a refused request keeps its refusal, although there may be another token. */
export function reasonNotToReplay(
  { wantsReplay }: Pick<BearerPolicy<never, never>, "wantsReplay">,
  request: SchemeRequest & {
    /** Whether the body can be sent a second time, byte for byte. */
    readonly canSendAgain: boolean;
  },
  redirect: Redirect,
): "body" | "never" | "redirect" | undefined {
  if (!wantsReplay) return "never";
  if (!isSafeToReplay(request, redirect)) return "redirect";
  return request.canSendAgain ? undefined : "body";
}

/**
 * Whether a refusal is the answer to this very request, so that a replay is safe. Behind a redirect, an unsafe method has done its work
 * already, and another origin never had the token. What the client hides of a redirect counts as one to the same origin.
 */
export function isSafeToReplay(request: SchemeRequest, redirect: Redirect): boolean {
  if (redirect.redirected === false) return true;
  return safeMethods.has(request.method.toUpperCase()) && isAtSameOrigin(request, redirect);
}

/** Whether the server that refused was given the token, which stays behind where a redirect leads to another origin. */
export function isAtSameOrigin({ url }: SchemeRequest, redirect: Redirect): boolean {
  if (redirect.redirected === false || redirect.url === undefined) return true;
  return parseUrl(redirect.url)?.origin === parseUrl(url)?.origin;
}
