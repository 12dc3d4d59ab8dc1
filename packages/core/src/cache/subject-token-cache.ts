import { CurrentTokens } from "./current-token-set.ts";
import { InvalidOptionError, LoginRequiredError, TokenflightError } from "../errors.ts";
import { tokenFacts } from "../events.ts";
import { kindOf, readOptions } from "../options.ts";
import type { SubjectRecord } from "../refresh/record.ts";
import type { RefreshRequest } from "../refresh/refresh-request.ts";
import { Refresh } from "../refresh/refresh.ts";
import { isCalledBy } from "../refresh/source-call.ts";
import type { SubjectParts } from "../refresh/subject-parts.ts";
import type { TokenCache } from "./token-cache.ts";
import { readTokens, type TokenResponse } from "../tokens/token-response.ts";
import type { TokenSet } from "../tokens/token-set.ts";
import type { RefreshReason, Urgency } from "../tokens/token-source.ts";
import { NewTokenTrust } from "./new-token-refusals.ts";
import { waitFor } from "../wait.ts";

interface Flight {
  readonly request: RefreshRequest;
  readonly tokens: Promise<TokenSet>;
}

type Wanted = (tokens: TokenSet) => boolean;

/** The token cache: the current token set, when it is due, and the one refresh that may be under way. */
export class Subject implements TokenCache {
  readonly #parts: SubjectParts;
  readonly #refresh: Refresh;
  readonly #current: CurrentTokens;
  /** Not before a replay was refused, too. */
  #trust: NewTokenTrust | undefined;
  /** The access token that a resource server refused last. */
  #refused: string | undefined;
  #flight: Flight | undefined;

  constructor(parts: SubjectParts) {
    this.#parts = parts;
    this.#refresh = new Refresh(parts);
    this.#current = new CurrentTokens(parts);
  }

  /** Whether more is known here than in the store: a refresh is under way, or its result could not be written yet. */
  get isBusy(): boolean {
    return this.#flight !== undefined || this.#refresh.isBusy;
  }

  peek(): TokenSet | undefined {
    const now = this.#parts.clock.now();
    if (this.#current.isFresh(now)) return this.#current.tokens;
    if (!this.#current.isUsable(now)) return undefined;
    if (this.#flight === undefined) this.#start("expiring", "ahead", () => true);
    return this.#current.tokens;
  }

  get(options?: { signal?: AbortSignal | undefined; minValidity?: number | undefined }): Promise<TokenSet> {
    const tokens = this.peek();
    if (tokens !== undefined && options === undefined) return this.#current.promise(tokens);
    const minValidity = options?.minValidity ?? 0;
    if (!(minValidity >= 0)) {
      return Promise.reject(new InvalidOptionError("minValidity", "a number of seconds, zero or more", kindOf(minValidity)));
    }
    const wanted: Wanted = ({ expiresAt }) => expiresAt === undefined || this.#parts.clock.now() + minValidity * 1000 <= expiresAt;
    if (tokens === undefined) return this.#obtain(this.#current.tokens === undefined ? "missing" : "expired", wanted, options?.signal);
    if (minValidity > 0 && !wanted(tokens)) return this.#obtain("min-validity", wanted, options?.signal);
    return this.#current.promise(tokens);
  }

  async renew(refused: TokenSet, options?: { signal?: AbortSignal | undefined }): Promise<TokenSet> {
    const { accessToken } = refused;
    const isAnother: Wanted = (tokens) => tokens.accessToken !== accessToken;
    const fresh = this.peek();
    if (fresh !== undefined && isAnother(fresh)) return fresh;
    // Otherwise it is a late refusal of a token that is being replaced already.
    const { tokens: current = refused } = this.#current;
    if (!isAnother(current)) this.#holdBack(refused);
    const renewed = await this.#obtain("refused", isAnother, options?.signal);
    if (isAnother(renewed)) return renewed;
    this.reportReplay(renewed, false);
    throw new TokenflightError("ERR_NEW_TOKEN_REFUSED", "The token source gave the token that the resource server had refused.");
  }

  reportReplay(renewed: TokenSet, accepted: boolean): void {
    const { tokens: current } = this.#current;
    // A report about a token that has been replaced meanwhile comes too late to mean anything.
    if (current === undefined || current.accessToken !== renewed.accessToken) return;
    if (!accepted) this.#trust ??= new NewTokenTrust(this.#parts.clock);
    const pause = this.#trust?.report(current, accepted);
    if (pause !== undefined) this.#parts.observe({ type: "new-token-refused", token: current.fingerprint, pause });
  }

  async save(given: TokenSet | TokenResponse): Promise<TokenSet> {
    const tokens = readTokens(given, this.#parts.clock.now());
    const { record } = await this.#refresh.overwrite(tokens);
    this.#refused = undefined;
    this.#current.take(record);
    this.#parts.observe({ type: "token-saved", ...tokenFacts(tokens, record.generation) });
    return tokens;
  }

  async forget(options: { revoke?: boolean | undefined } = {}): Promise<void> {
    const { revoke = false } = readOptions("forget", options, ["revoke"]);
    const { source } = this.#parts;
    if (revoke && source.revoke === undefined) {
      throw new InvalidOptionError("forget.revoke", "a token source that can revoke", "one that cannot");
    }
    // A refresh under way may have used up the refresh token already: what it brings is what has to be given back.
    if (revoke) await this.#flight?.tokens.catch(() => {});
    const { record, replaced } = await this.#refresh.overwrite(undefined);
    this.#current.take(record);
    // Whoever comes now begins anew, and does not wait for the tokens of the session that is over.
    this.#flight = undefined;
    this.#parts.observe({ type: "token-forgotten", generation: record.generation });
    if (revoke && replaced !== undefined) await source.revoke?.(replaced);
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
      this.#refresh.raise(request);
      const obtained = await waitFor(tokens, signal);
      // One that was started for somebody else may have been content with less than the source can give.
      const suffices = request.obtained ? !this.#ranOut(obtained) : joined === undefined || wanted(obtained);
      if (suffices) return obtained;
    }
  }

  /** Whether it took so long to write a new token set that it is over already, as when the process was stopped meanwhile. */
  #ranOut({ issuedAt, expiresAt }: TokenSet): boolean {
    return expiresAt !== undefined && expiresAt > issuedAt && expiresAt <= this.#parts.clock.now();
  }

  /** A resource server refused the current token: it is not sent until a refresh has failed. */
  #holdBack(refused: TokenSet): void {
    if (this.#trust?.withholds(refused)) {
      throw new TokenflightError(
        "ERR_NEW_TOKEN_REFUSED",
        "The resource server refused a brand-new token; another one is not asked for yet.",
      );
    }
    if (this.#refused !== refused.accessToken) this.#parts.observe({ type: "token-refused", token: refused.fingerprint });
    this.#refused = refused.accessToken;
    this.#current.holdBack();
  }

  #start(reason: RefreshReason, urgency: Urgency, wanted: Wanted): Flight {
    const before = this.#current.generation;
    const accepts = ({ tokens, generation }: SubjectRecord): boolean =>
      tokens !== undefined &&
      tokens.accessToken !== this.#refused &&
      (reason !== "expiring" || generation > before) &&
      this.#parts.clock.now() < this.#parts.freshness(tokens).usableUntil &&
      wanted(tokens);
    const request: RefreshRequest = {
      id: crypto.randomUUID(),
      reason,
      urgency,
      generation: undefined,
      failures: 0,
      obtained: false,
      accepts,
    };
    const tokens = this.#refresh.run(request).then(
      (record) => this.#land(request, record, before),
      (error: unknown) => this.#crash(request, error),
    );
    // Nobody may be waiting, as for a refresh ahead: whoever waits gets the rejection from a promise of its own.
    tokens.catch(() => {});
    this.#flight = { request, tokens };
    return this.#flight;
  }

  #land(request: RefreshRequest, record: SubjectRecord, before: number): TokenSet {
    if (this.#flight?.request === request) this.#flight = undefined;
    this.#current.take(record, !request.obtained);
    const { tokens } = this.#current;
    if (record.generation === before) this.#current.putOff(this.#refresh.pauses.left());
    if (tokens === undefined) throw new LoginRequiredError("The tokens were forgotten while they were being refreshed.");
    return tokens;
  }

  #crash(request: RefreshRequest, error: unknown): never {
    if (this.#flight?.request === request) {
      this.#flight = undefined;
      // A refused token is sent again until a refresh succeeds: the resource server decides, not a token endpoint that is away.
      if (!(error instanceof LoginRequiredError)) this.#current.release();
      this.#current.putOff(this.#refresh.pauses.left());
    }
    throw error;
  }
}
