import { waitFor } from "../clock.ts";
import { InvalidOptionError, LoginRequiredError, TokenflightError } from "../errors.ts";
import { tokenFacts } from "../events.ts";
import { kindOf, readOptions } from "../options.ts";
import type { SubjectRecord } from "../refresh/record.ts";
import type { Refresh } from "../refresh/refresh.ts";
import { RefreshTransaction } from "../refresh/transaction.ts";
import { isCalledBy } from "../refresh/source-call.ts";
import type { SubjectParts } from "../refresh/subject-parts.ts";
import { readTokenSet, type TokenResponse } from "../tokens/token-response.ts";
import type { TokenSet } from "../tokens/token-set.ts";
import type { RefreshReason, Urgency } from "../tokens/token-source.ts";
import { CurrentTokenSet } from "./current-token-set.ts";
import { NewTokenRefusals } from "./new-token-refusals.ts";
import type { TokenCache } from "./token-cache.ts";

/** A refresh under way, and the promise that all who wait for it share. */
interface PendingRefresh {
  readonly refresh: Refresh;
  readonly tokenSet: Promise<TokenSet>;
}

type Predicate = (tokenSet: TokenSet) => boolean;

/** The token cache of one subject: the current token set, and the one refresh that may be under way. */
export class SubjectTokenCache implements TokenCache {
  readonly #parts: SubjectParts;
  readonly #transaction: RefreshTransaction;
  readonly #current: CurrentTokenSet;
  /** Made when a replay is refused for the first time. */
  #newTokenRefusals: NewTokenRefusals | undefined;
  /** The access token that a resource server refused last. */
  #refusedAccessToken: string | undefined;
  #pending: PendingRefresh | undefined;

  constructor(parts: SubjectParts) {
    this.#parts = parts;
    this.#transaction = new RefreshTransaction(parts);
    this.#current = new CurrentTokenSet(parts);
  }

  /** Whether this cache knows more than the store: a refresh is under way, or its result could not be written yet. */
  get isBusy(): boolean {
    return this.#pending !== undefined || this.#transaction.isBusy;
  }

  peek(): TokenSet | undefined {
    const now = this.#parts.clock.now();
    if (now < this.#current.refreshAt) return this.#current.tokenSet;
    if (now >= this.#current.usableUntil) return undefined;
    if (this.#pending === undefined) this.#start("expiring", "ahead", () => true);
    return this.#current.tokenSet;
  }

  get(options?: { signal?: AbortSignal | undefined; minValidity?: number | undefined }): Promise<TokenSet> {
    const tokenSet = this.peek();
    if (tokenSet !== undefined && options === undefined) return this.#current.asPromise(tokenSet);
    const minValidity = options?.minValidity ?? 0;
    if (!(minValidity >= 0))
      return Promise.reject(new InvalidOptionError("minValidity", "a number of seconds, zero or more", kindOf(minValidity)));
    const isValid: Predicate = ({ expiresAt }) => expiresAt === undefined || this.#parts.clock.now() + minValidity * 1000 <= expiresAt;
    if (tokenSet === undefined) return this.#obtain(this.#current.tokenSet === undefined ? "missing" : "expired", isValid, options?.signal);
    if (minValidity > 0 && !isValid(tokenSet)) return this.#obtain("min-validity", isValid, options?.signal);
    return this.#current.asPromise(tokenSet);
  }

  async renew(refused: TokenSet, options?: { signal?: AbortSignal | undefined }): Promise<TokenSet> {
    const { accessToken } = refused;
    const isAnother: Predicate = (tokenSet) => tokenSet.accessToken !== accessToken;
    const fresh = this.peek();
    if (fresh !== undefined && isAnother(fresh)) return fresh;
    // Otherwise it is a late refusal of a token that is being replaced already.
    const { tokenSet: current = refused } = this.#current;
    if (!isAnother(current)) this.#withhold(refused);
    const renewed = await this.#obtain("refused", isAnother, options?.signal);
    if (isAnother(renewed)) return renewed;
    this.reportReplay(renewed, false);
    throw new TokenflightError("ERR_NEW_TOKEN_REFUSED", "The token source gave the token that the resource server had refused.");
  }

  reportReplay(renewed: TokenSet, accepted: boolean): void {
    const { tokenSet: current } = this.#current;
    // A report about a token that has been replaced meanwhile comes too late to mean anything.
    if (current === undefined || current.accessToken !== renewed.accessToken) return;
    if (!accepted) this.#newTokenRefusals ??= new NewTokenRefusals(this.#parts.clock);
    const pause = this.#newTokenRefusals?.report(current, accepted);
    if (pause !== undefined) this.#parts.observe({ type: "new-token-refused", token: current.fingerprint, pause });
  }

  async save(given: TokenSet | TokenResponse): Promise<TokenSet> {
    const tokenSet = readTokenSet(given, this.#parts.clock.now());
    const { record } = await this.#transaction.overwrite(tokenSet);
    this.#refusedAccessToken = undefined;
    this.#current.take(record);
    this.#parts.observe({ type: "token-saved", ...tokenFacts(tokenSet, record.generation) });
    return tokenSet;
  }

  async forget(options: { revoke?: boolean | undefined } = {}): Promise<void> {
    const { revoke = false } = readOptions("forget", options, ["revoke"]);
    const { source } = this.#parts;
    if (revoke && !source.revoke) throw new InvalidOptionError("forget.revoke", "a token source that can revoke", "one that cannot");
    // A refresh under way may have used up the refresh token already. What it brings is what has to be given back.
    if (revoke) await this.#pending?.tokenSet.catch(() => {});
    const { record, replaced } = await this.#transaction.overwrite(undefined);
    this.#current.take(record);
    // A caller who comes now begins anew, and does not wait for the tokens of the session that is over.
    this.#pending = undefined;
    this.#parts.observe({ type: "token-forgotten", generation: record.generation });
    if (revoke && replaced !== undefined) await source.revoke?.(replaced);
  }

  /** Joins the refresh under way or starts one, and waits until the caller's signal aborts. */
  async #obtain(reason: RefreshReason, isWanted: Predicate, signal: AbortSignal | undefined): Promise<TokenSet> {
    signal?.throwIfAborted();
    for (;;) {
      const joined = this.#pending;
      if (joined !== undefined && isCalledBy(joined.refresh))
        throw new TokenflightError("ERR_REENTRANT_REFRESH", "The token source asked for a token of the cache that it is refreshing.");
      const { refresh, tokenSet } = joined ?? this.#start(reason, "blocking", isWanted);
      this.#transaction.raise(refresh);
      const obtained = await waitFor(tokenSet, signal);
      // A refresh for a `get()` accepts a stored token set with 20 s left. A caller with a `minValidity` of 60 who joined it starts another.
      const suffices = refresh.obtained ? !this.#hasExpired(obtained) : joined === undefined || isWanted(obtained);
      if (suffices) return obtained;
    }
  }

  /** Whether a new token set has expired before it could be written, as when the process was stopped meanwhile. */
  #hasExpired({ issuedAt, expiresAt }: TokenSet): boolean {
    return expiresAt !== undefined && expiresAt > issuedAt && expiresAt <= this.#parts.clock.now();
  }

  /** A resource server refused the current token: it is not sent until a refresh has failed. */
  #withhold(refused: TokenSet): void {
    if (this.#newTokenRefusals?.isPaused(refused)) {
      throw new TokenflightError("ERR_NEW_TOKEN_REFUSED", "The resource server refused a brand-new token, and its pause is not over.");
    }
    if (this.#refusedAccessToken !== refused.accessToken) this.#parts.observe({ type: "token-refused", token: refused.fingerprint });
    this.#refusedAccessToken = refused.accessToken;
    this.#current.withhold();
  }

  #start(reason: RefreshReason, urgency: Urgency, isWanted: Predicate): PendingRefresh {
    const before = this.#current.generation;
    const accepts = ({ tokenSet, generation }: SubjectRecord): boolean =>
      tokenSet !== undefined &&
      tokenSet.accessToken !== this.#refusedAccessToken &&
      (reason !== "expiring" || generation > before) &&
      this.#parts.clock.now() < this.#parts.freshness(tokenSet).usableUntil &&
      isWanted(tokenSet);
    const id = crypto.randomUUID();
    const refresh: Refresh = { id, reason, urgency, generation: undefined, failures: 0, obtained: false, accepts };
    const tokenSet = this.#transaction.run(refresh).then(
      (record) => this.#take(refresh, record, before),
      (error: unknown) => this.#fail(refresh, error),
    );
    // After a refresh ahead nobody may be waiting. A caller who waits gets the rejection from a promise of its own.
    tokenSet.catch(() => {});
    return (this.#pending = { refresh, tokenSet });
  }

  /** The refresh has brought a record. */
  #take(refresh: Refresh, record: SubjectRecord, before: number): TokenSet {
    if (this.#pending?.refresh === refresh) this.#pending = undefined;
    this.#current.take(record, !refresh.obtained);
    const { tokenSet } = this.#current;
    if (record.generation === before) this.#current.postponeRefresh(this.#transaction.pause.left());
    if (tokenSet === undefined) throw new LoginRequiredError("The token set was forgotten while it was being refreshed.");
    return tokenSet;
  }

  #fail(refresh: Refresh, error: unknown): never {
    if (this.#pending?.refresh === refresh) {
      this.#pending = undefined;
      // A refused token is sent again until a refresh succeeds: the resource server decides, not a token endpoint that is away.
      if (!(error instanceof LoginRequiredError)) this.#current.release();
      this.#current.postponeRefresh(this.#transaction.pause.left());
    }
    throw error;
  }
}
