import { guarded } from "../events.ts";
import { isAboutTheToken } from "./challenge.ts";
import { readOptions, requireFunction, requireOneOf, requireThat } from "../options.ts";
import { createOriginCheck, readInsecureOrigins, type OriginCheck } from "./origins.ts";
import { checkedScheme, tokenTypeScheme, type AuthorizationScheme, type SchemeRequest } from "./scheme.ts";
import type { TokenCache } from "../cache/token-cache.ts";

/** Names the token cache of each request, for programs that act for many users. A request for which it gives undefined gets no token. */
export type TokenCacheSelector<Request> = (request: Request) => TokenCache | undefined;

/** What an adapter notices although nothing failed. No event holds a secret. More types may follow: ignore those that you do not know. */
export type AdapterEvent =
  /** The token is sent to this origin over plain http, because `allowInsecureOrigins` names it. Told once for each attachment and origin. */
  { readonly type: "insecure-origin"; readonly origin: string };

/** The options of every adapter. `Response` is the client's own. */
export interface BearerOptions<Response> {
  /**
   * The origins that may have the token, such as "https://api.example.com": scheme, host and port are compared exactly, and a request
   * to anywhere else is sent untouched. Only https, or http to this machine. Adapters whose client has a base URL take its origin by default.
   */
  origins?: string | readonly string[] | undefined;
  /**
   * Plain http origins that may be among `origins`, or be the base URL's, although everybody on the way can read the token: for a network of one's own,
   * such as ["http://orders:8080"] in a compose file or behind a mesh that encrypts. Each is named exactly; naming one here does not add it to
   * `origins`. Default: none.
   */
  allowInsecureOrigins?: readonly string[] | undefined;
  /** Whether a refused request is sent again with another token. Default "once". */
  replay?: "once" | "never" | undefined;
  /**
   * Whether a response says that the token is not taken. Default: status 401, unless WWW-Authenticate says that it is about something
   * else. If it throws, the response counts as not refused.
   */
  refused?: ((response: Response) => boolean | Promise<boolean>) | undefined;
  /**
   * How a token set is put on a request. Default: `Authorization: Bearer <access token>`. Clients would take any other field than
   * `authorization` along over a redirect to another origin: with one, a redirect is the caller's own to follow, except with got.
   */
  scheme?: AuthorizationScheme | undefined;
  /** Is told what happens although nothing failed; what it throws is ignored. */
  observe?: ((event: AdapterEvent) => void) | undefined;
}

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

/** The decisions about a request, once for all adapters. */
export class BearerPolicy<Request, Response> {
  /** Whether a URL is at an origin that may have the token. */
  readonly allows: OriginCheck;
  /** Whether the caller wants a refused request to be sent again. */
  readonly wantsReplay: boolean;
  readonly scheme: AuthorizationScheme;
  /** Never throws. */
  readonly observe: (event: AdapterEvent) => void;
  readonly #tokens: TokenCache | TokenCacheSelector<Request>;
  readonly #refused: BearerOptions<Response>["refused"];

  constructor(tokens: TokenCache | TokenCacheSelector<Request>, options: BearerOptions<Response> = {}, defaultOrigins?: readonly string[]) {
    const isCacheOrSelector = typeof tokens === "function" || typeof tokens?.peek === "function";
    requireThat(isCacheOrSelector, "tokens", "a token cache, or a function of the request that gives one", tokens);
    const read = readOptions("options", options, ["origins", "allowInsecureOrigins", "replay", "refused", "scheme", "observe"]);
    const { origins, replay = "once", refused, scheme = tokenTypeScheme } = read;
    requireOneOf("replay", replay, ["once", "never"]);
    if (refused !== undefined) requireFunction("refused", refused);
    requireFunction("scheme", scheme);
    if (read.observe !== undefined) requireFunction("observe", read.observe);
    const insecure = readInsecureOrigins(read.allowInsecureOrigins);
    this.allows = createOriginCheck(origins ?? defaultOrigins, insecure);
    this.observe = guarded(read.observe);
    this.scheme = checkedScheme(scheme);
    this.#tokens = tokens;
    this.wantsReplay = replay === "once";
    this.#refused = refused;
    for (const origin of insecure) if (this.allows(origin)) this.observe({ type: "insecure-origin", origin });
  }

  /** Returns undefined if the request gets no token. Throws what a selector throws, and InvalidOptionError if it gives no token cache. */
  cacheFor(request: Request): TokenCache | undefined {
    if (typeof this.#tokens !== "function") return this.#tokens;
    const cache: TokenCache | undefined = this.#tokens(request);
    const isCache = cache === undefined || typeof cache?.peek === "function";
    requireThat(isCache, "tokens", "a function that gives a token cache at once, or undefined for none", cache);
    return cache;
  }

  /** Whether a response refuses the token. Answers without a promise unless the caller's own predicate gives one. */
  isRefused(response: Response, facts: ResponseFacts): boolean | Promise<boolean> {
    if (this.#refused === undefined) return facts.status === 401 && isAboutTheToken(facts.challenge);
    try {
      const answer = this.#refused(response);
      return typeof answer === "boolean" ? answer : Promise.resolve(answer).catch(() => false);
    } catch {
      return false;
    }
  }
}

/**
 * Whether a refusal is the answer to this very request, so that a replay is safe. Behind a redirect, an unsafe method has done its work
 * already, and another origin never had the token. What the client hides of a redirect counts as one to the same origin.
 */
export function isSafeToReplay({ method, url }: SchemeRequest, redirect: Redirect): boolean {
  if (redirect.redirected === false) return true;
  if (!safeMethods.has(method.toUpperCase())) return false;
  return redirect.url === undefined || URL.parse(redirect.url)?.origin === URL.parse(url)?.origin;
}
