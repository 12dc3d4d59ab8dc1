import type { TokenCache } from "../cache/token-cache.ts";
import { readOptions, requireFunction, requireOneOf, requireThat } from "../options.ts";
import type { BearerOptions, TokenCacheSelector } from "./bearer-options.ts";
import { CredentialFields } from "./credential-fields.ts";
import { createOriginCheck, readInsecureOrigins, type OriginCheck } from "./origins.ts";
import { RequestLog } from "./request-log.ts";
import { tokenTypeScheme, type AuthorizationScheme } from "./scheme.ts";

const names = ["origins", "allowInsecureOrigins", "replay", "refused", "scheme", "loggedOut", "placeholder", "observe"] as const;

/** The decisions about a request, once for all adapters. */
export class BearerPolicy<Request, Response> {
  /** Whether a URL is at an origin that may have the token. */
  readonly allows: OriginCheck;
  /** Whether the caller wants a refused request to be sent again. */
  readonly wantsReplay: boolean;
  /** Whether a response of any status may refuse the token, because the caller has a predicate of its own. Otherwise only a 401 may. */
  readonly refusesAny: boolean;
  /** The caller's predicate for that. `isRefused` asks it. */
  readonly refused: BearerOptions<Response>["refused"];
  /** Whether a request of nobody goes without a token. */
  readonly sendsLoggedOut: boolean;
  /** The caller's, or Bearer. `fieldsOf` asks it. */
  readonly scheme: AuthorizationScheme;
  /** Which header fields of a request are credentials. */
  readonly credentials: CredentialFields;
  /** Tells the caller's observer of requests. */
  readonly log: RequestLog;
  readonly #tokens: TokenCache | TokenCacheSelector<Request>;

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
    this.scheme = scheme;
    this.credentials = new CredentialFields(scheme, read.placeholder);
    this.wantsReplay = replay === "once";
    this.refusesAny = refused !== undefined;
    this.#tokens = tokens;
    this.refused = refused;
    this.sendsLoggedOut = loggedOut === "send";
    for (const origin of insecure) if (this.allows(origin)) this.log.insecureOrigin(origin);
  }

  /**
   * The token cache of a request; undefined if it gets no token. Answers without a promise unless a selector gives one.
   *
   * @throws what a selector throws, and InvalidOptionError (`ERR_INVALID_OPTION`) if it gives no token cache.
   */
  cacheFor(request: Request): TokenCache | undefined | Promise<TokenCache | undefined> {
    if (typeof this.#tokens !== "function") return this.#tokens;
    const cache = this.#tokens(request);
    return typeof (cache as Promise<unknown> | undefined)?.then === "function"
      ? Promise.resolve(cache).then(checkCache)
      : checkCache(cache as TokenCache);
  }
}

function checkCache(cache: TokenCache | undefined): TokenCache | undefined {
  const isCache = cache === undefined || typeof cache?.peek === "function";
  requireThat(isCache, "tokens", "a function that gives a token cache, or undefined for none", cache);
  return cache;
}
