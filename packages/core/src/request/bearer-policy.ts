import type { TokenCache } from "../cache/token-cache.ts";
import { TokenflightError } from "../errors.ts";
import { readOptions, requireFunction, requireOneOf, requireThat } from "../options.ts";
import type { BearerOptions, TokenCacheSelector } from "./bearer-options.ts";
import { isAboutTheToken } from "./challenge.ts";
import { CredentialFields } from "./credential-fields.ts";
import { createOriginCheck, readInsecureOrigins, type OriginCheck } from "./origins.ts";
import { looksIntoBodies } from "./refused-by.ts";
import { RequestLog } from "./request-log.ts";
import { checkedScheme, tokenTypeScheme, type AuthorizationScheme, type SchemeRequest } from "./scheme.ts";
import { parseUrl } from "../platform/fallbacks.ts";

/** What an adapter knows about one of its client's responses. */
export interface ResponseFacts {
  readonly status: number;
  /** WWW-Authenticate. */
  readonly challenge: string | null | undefined;
}

/** Whether a response came after a redirect, and from which URL; undefined for what the client hides. */
export interface Redirect {
  readonly redirected: boolean | undefined;
  readonly url: string | undefined;
}

/** RFC 9110 section 9.2.1, and QUERY. */
const safeMethods = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "QUERY"]);

const names = ["origins", "allowInsecureOrigins", "replay", "refused", "scheme", "loggedOut", "placeholder", "observe"] as const;

/** The decisions about a request, once for all adapters. */
export class BearerPolicy<Request, Response> {
  /** Whether a URL is at an origin that may have the token. */
  readonly allows: OriginCheck;
  /** Whether the caller wants a refused request to be sent again. */
  readonly wantsReplay: boolean;
  /** Whether a response of any status may refuse the token, because the caller has a predicate of its own. Otherwise only a 401 may. */
  readonly refusesAny: boolean;
  readonly scheme: AuthorizationScheme;
  /** Which header fields of a request are credentials. */
  readonly credentials: CredentialFields;
  readonly log: RequestLog;
  readonly #tokens: TokenCache | TokenCacheSelector<Request>;
  readonly #refused: BearerOptions<Response>["refused"];
  readonly #sendsLoggedOut: boolean;

  /** Throws InvalidOptionError. */
  constructor(tokens: TokenCache | TokenCacheSelector<Request>, options: BearerOptions<Response> = {}, defaultOrigins?: readonly string[]) {
    const isCacheOrSelector = typeof tokens === "function" || typeof tokens?.peek === "function";
    requireThat(isCacheOrSelector, "tokens", "a token cache, or a function of the request that gives one", tokens);
    const read = readOptions("options", options, names);
    const { origins, replay = "once", refused, scheme = tokenTypeScheme, loggedOut = "reject", observe } = read;
    requireOneOf("replay", replay, ["once", "never"]);
    requireOneOf("loggedOut", loggedOut, ["reject", "send"]);
    if (refused !== undefined) requireFunction("refused", refused);
    requireFunction("scheme", scheme);
    if (observe !== undefined) requireFunction("observe", observe);
    const insecure = readInsecureOrigins(read.allowInsecureOrigins);
    this.allows = createOriginCheck(origins ?? defaultOrigins, insecure);
    this.log = new RequestLog(observe);
    this.scheme = checkedScheme(scheme);
    this.credentials = new CredentialFields(scheme, read.placeholder);
    this.wantsReplay = replay === "once";
    this.refusesAny = refused !== undefined;
    this.#tokens = tokens;
    this.#refused = refused;
    this.#sendsLoggedOut = loggedOut === "send";
    for (const origin of insecure) if (this.allows(origin)) this.log.insecureOrigin(origin);
  }

  /**
   * The token cache of a request; undefined if it gets no token. Answers without a promise unless a selector gives one. Throws what a selector throws, and
   * InvalidOptionError if it gives no token cache.
   */
  cacheFor(request: Request): TokenCache | undefined | Promise<TokenCache | undefined> {
    if (typeof this.#tokens !== "function") return this.#tokens;
    const cache = this.#tokens(request);
    return typeof (cache as Promise<unknown> | undefined)?.then === "function"
      ? Promise.resolve(cache).then(checkCache)
      : checkCache(cache as TokenCache);
  }

  /** Whether a request that got this error in place of a token goes without one: nobody is logged in, and the caller wants it. */
  goesWithout(error: unknown, cache: TokenCache): boolean {
    if (!this.#sendsLoggedOut || !TokenflightError.is(error) || error.code !== "ERR_LOGIN_REQUIRED") return false;
    return cache.status().state === "logged-out";
  }

  /** Whether a response refuses the token. Answers without a promise unless the caller's own predicate gives one. */
  isRefused(response: Response, facts: ResponseFacts): boolean | Promise<boolean> {
    const isRefused = facts.status === 401 && isAboutTheToken(facts.challenge);
    // `refusedBy` looks for refusals besides these.
    if (this.#refused === undefined || (isRefused && looksIntoBodies(this.#refused))) return isRefused;
    try {
      const answer = this.#refused(response);
      return typeof answer === "boolean" ? answer : Promise.resolve(answer).catch(() => false);
    } catch {
      return false;
    }
  }
}

function checkCache(cache: TokenCache | undefined): TokenCache | undefined {
  const isCache = cache === undefined || typeof cache?.peek === "function";
  requireThat(isCache, "tokens", "a function that gives a token cache, or undefined for none", cache);
  return cache;
}

/** Why a refused request keeps its refusal, although there may be another token. */
export function reasonNotToReplay(
  { wantsReplay }: Pick<BearerPolicy<never, never>, "wantsReplay">,
  request: SchemeRequest & { readonly canSendAgain: boolean },
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
