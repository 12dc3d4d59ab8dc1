import type { Clock } from "./clock.ts";
import { InvalidOptionError, LoginRequiredError, TokenflightError } from "./errors.ts";
import type { Observer } from "./events.ts";
import type { Freshness } from "./freshness.ts";
import { kindOf } from "./options.ts";
import type { SubjectRecord } from "./record.ts";
import type { Refresh, RefreshRequest } from "./refresh.ts";
import { isCalledBy } from "./source-call.ts";
import type { TokenCache } from "./token-cache.ts";
import { readTokenResponse, type TokenResponse } from "./token-response.ts";
import { TokenSet } from "./token-set.ts";
import type { RefreshReason, Urgency } from "./token-source.ts";
import { NewTokenTrust } from "./trust.ts";
import { waitFor } from "./wait.ts";

export interface SubjectParts {
  readonly refresh: Refresh;
  readonly freshness: Freshness;
  readonly clock: Clock;
  readonly observe: Observer;
}

interface Flight {
  readonly request: RefreshRequest;
  readonly tokens: Promise<TokenSet>;
}

type Wanted = (tokens: TokenSet) => boolean;

const never = Number.NEGATIVE_INFINITY;
/** After a refresh ahead that brought nothing, the next one waits at least this long. */
const aheadPause = 1000;

/** The token cache: the current token set, when it is due, and the one refresh that may be under way. */
export class Subject implements TokenCache {
  readonly #parts: SubjectParts;
  readonly #trust: NewTokenTrust;
  #current: TokenSet | undefined;
  #generation = 0;
  /** Soft and hard expiry of the current token set; both in the past while there is none to send. */
  #refreshAt = never;
  #usableUntil = never;
  /** `get` hands out one promise per token set. */
  #ready: Promise<TokenSet> | undefined;
  /** The access token that a resource server refused last. */
  #refused: string | undefined;
  #flight: Flight | undefined;

  constructor(parts: SubjectParts) {
    this.#parts = parts;
    this.#trust = new NewTokenTrust(parts.clock);
  }

  peek(): TokenSet | undefined {
    const now = this.#parts.clock.now();
    if (now < this.#refreshAt) return this.#current;
    if (now >= this.#usableUntil) return undefined;
    if (this.#flight === undefined) this.#refreshAhead();
    return this.#current;
  }

  get(options?: { signal?: AbortSignal | undefined; minValidity?: number | undefined }): Promise<TokenSet> {
    const tokens = this.peek();
    const minValidity = options?.minValidity ?? 0;
    if (!(minValidity >= 0)) {
      return Promise.reject(new InvalidOptionError("minValidity", "a number of seconds, zero or more", kindOf(minValidity)));
    }
    const wanted: Wanted = ({ expiresAt }) => expiresAt === undefined || this.#parts.clock.now() + minValidity * 1000 <= expiresAt;
    if (tokens === undefined) return this.#obtain(this.#current === undefined ? "missing" : "expired", wanted, options?.signal);
    if (minValidity > 0 && !wanted(tokens)) return this.#obtain("min-validity", wanted, options?.signal);
    return (this.#ready ??= Promise.resolve(tokens));
  }

  renew(refused: TokenSet, options?: { signal?: AbortSignal | undefined }): Promise<TokenSet> {
    const current = this.peek();
    if (current !== undefined && current.accessToken !== refused.accessToken) return (this.#ready ??= Promise.resolve(current));
    if (this.#trust.withholds(refused)) {
      return Promise.reject(new TokenflightError("ERR_NEW_TOKEN_REFUSED", "The resource server refused a brand-new token; another one is not asked for yet."));
    }
    if (this.#refused !== refused.accessToken) this.#parts.observe({ type: "token-refused", token: refused.fingerprint });
    this.#refused = refused.accessToken;
    this.#refreshAt = never;
    this.#usableUntil = never;
    return this.#obtain("refused", (tokens) => tokens.accessToken !== refused.accessToken, options?.signal);
  }

  reportReplay(renewed: TokenSet, accepted: boolean): void {
    const pause = this.#trust.report(renewed, accepted);
    if (pause !== undefined) this.#parts.observe({ type: "new-token-refused", token: renewed.fingerprint, pause });
  }

  async save(given: TokenSet | TokenResponse): Promise<TokenSet> {
    const tokens = given instanceof TokenSet ? given : readTokenResponse(given, this.#parts.clock.now());
    const record = await this.#parts.refresh.overwrite(tokens);
    this.#refused = undefined;
    this.#take(record);
    this.#parts.observe({ type: "token-saved", token: tokens.fingerprint, expiresAt: tokens.expiresAt, generation: record.generation });
    return tokens;
  }

  async forget(): Promise<void> {
    const record = await this.#parts.refresh.overwrite(undefined);
    this.#take(record);
    this.#parts.observe({ type: "token-forgotten", generation: record.generation });
  }

  /** Joins the refresh under way or starts one, and waits for as long as the caller may. */
  async #obtain(reason: RefreshReason, wanted: Wanted, signal: AbortSignal | undefined): Promise<TokenSet> {
    signal?.throwIfAborted();
    for (;;) {
      const joined = this.#flight;
      if (joined !== undefined && isCalledBy(joined.request)) {
        throw new TokenflightError("ERR_REENTRANT_REFRESH", "The token source asked for a token of the cache that it is refreshing.");
      }
      const { request, tokens } = joined ?? this.#start(reason, "blocking", wanted);
      this.#parts.refresh.raise(request);
      const obtained = await waitFor(tokens, signal);
      // A refresh that was started for somebody else may have been content with less.
      if (joined === undefined || wanted(obtained)) return this.#unlessRefused(obtained);
    }
  }

  #unlessRefused(tokens: TokenSet): TokenSet {
    if (tokens.accessToken !== this.#refused) return tokens;
    throw new TokenflightError("ERR_NEW_TOKEN_REFUSED", "The token source gave the token that the resource server had refused.");
  }

  #refreshAhead(): void {
    this.#start("expiring", "ahead", () => true);
  }

  #start(reason: RefreshReason, urgency: Urgency, wanted: Wanted): Flight {
    const before = this.#generation;
    const accepts = ({ tokens, generation }: SubjectRecord): boolean =>
      tokens !== undefined &&
      tokens.accessToken !== this.#refused &&
      (reason !== "expiring" || generation > before) &&
      this.#parts.clock.now() < this.#parts.freshness(tokens).usableUntil &&
      wanted(tokens);
    const request: RefreshRequest = { id: crypto.randomUUID(), reason, urgency, failures: 0, accepts };
    const tokens = this.#parts.refresh.run(request).then(
      (record) => this.#land(record, before),
      (error: unknown) => this.#crash(error, reason),
    );
    // Nobody may be waiting, as for a refresh ahead: whoever waits gets the rejection from a promise of its own.
    tokens.catch(() => {});
    this.#flight = { request, tokens };
    return this.#flight;
  }

  #land(record: SubjectRecord, before: number): TokenSet {
    this.#flight = undefined;
    this.#take(record);
    if (record.generation === before) this.#putOff();
    if (this.#current === undefined) throw new LoginRequiredError("The tokens were forgotten while they were being refreshed.");
    return this.#current;
  }

  #crash(error: unknown, reason: RefreshReason): never {
    this.#flight = undefined;
    // The refused token is sent again until a refresh succeeds: the resource server decides, not a token endpoint that is away.
    if (reason === "refused" && this.#current !== undefined && !(error instanceof LoginRequiredError)) this.#schedule(this.#current);
    this.#putOff();
    throw error;
  }

  /** No refresh ahead for a while; the token set is sent for as long as it is usable. */
  #putOff(): void {
    const { clock, refresh } = this.#parts;
    this.#refreshAt = Math.min(this.#usableUntil, clock.now() + Math.max(refresh.pausedFor(), aheadPause));
  }

  /** Makes the record's token set the current one, unless a newer one is. */
  #take({ generation, tokens }: SubjectRecord): void {
    if (generation <= this.#generation) return;
    this.#generation = generation;
    this.#current = tokens;
    this.#ready = undefined;
    if (tokens !== undefined) return this.#schedule(tokens);
    this.#refreshAt = never;
    this.#usableUntil = never;
  }

  #schedule(tokens: TokenSet): void {
    const { refreshAt, usableUntil } = this.#parts.freshness(tokens);
    this.#refreshAt = refreshAt;
    this.#usableUntil = usableUntil;
  }
}
