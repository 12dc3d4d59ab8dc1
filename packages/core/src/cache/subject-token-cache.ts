import { InvalidTokenResponseError } from "../errors/refresh-errors.ts";
import { TokenRequestError } from "../errors/token-request-error.ts";
import { InvalidOptionError, TokenflightError } from "../errors/tokenflight-error.ts";
import { kindOf } from "../options.ts";
import { ownOption } from "../platform/own.ts";
import { throwIfAborted } from "../platform/signals.ts";
import type { SubjectParts } from "../refresh/refresh.ts";
import type { InitialTokens } from "../tokens/token-response.ts";
import type { TokenSet } from "../tokens/token-set.ts";
import type { RefreshReason } from "../tokens/token-source.ts";
import { statusOf } from "./login-status.ts";
import { NewTokenRefusals } from "./new-token-refusals.ts";
import { SubjectLogins } from "./subject-logins.ts";
import { SubjectRefreshes, type Predicate } from "./subject-refreshes.ts";
import type { LoginStatus, TokenCache } from "./token-cache.ts";
import { unknownStatus } from "./unknown-status.ts";

/** Refreshes in a row that bring a caller nothing. */
const mostRefreshes = 5;
/** Token sets in a row that are over when they come. */
const mostOver = 2;

/** The token cache of one subject. */
export class SubjectTokenCache implements TokenCache {
  readonly #parts: SubjectParts;
  readonly #refreshes: SubjectRefreshes;
  /** Made when a replay is refused for the first time. */
  #newTokenRefusals: NewTokenRefusals | undefined;
  /** Made for the first login or logout: most caches of a pool see none. */
  #logins: SubjectLogins | undefined;
  /** The source gives token sets that are over when they come. */
  #givesOver = false;

  constructor(parts: SubjectParts) {
    this.#parts = parts;
    this.#refreshes = new SubjectRefreshes(parts);
  }

  /** Whether this cache knows more than the store. */
  get isBusy(): boolean {
    return this.#logins?.isBusy === true || this.#refreshes.isBusy;
  }

  peek(): TokenSet | undefined {
    const { clock, lifetime } = this.#parts;
    const { current, held, pending } = this.#refreshes;
    const now = clock.now();
    if (this.#isFresh(now)) return current.tokenSet;
    this.#refreshes.hear();
    if (this.#isFresh(now)) return current.tokenSet;
    if (now >= current.usableUntil || lifetime.isClosed || !held.isUsable()) return undefined;
    if (pending === undefined)
      this.#refreshes.start({ reason: "expiring", urgency: "ahead", isWanted: () => true, isLook: now < current.refreshAt });
    return current.tokenSet;
  }

  #isFresh(now: number): boolean {
    const { current, held } = this.#refreshes;
    return now < current.refreshAt && held.newest === current.record && held.isCurrent(now) && !this.#parts.lifetime.isClosed;
  }

  get(options?: { signal?: AbortSignal | undefined; minValidity?: number | undefined }): Promise<TokenSet> {
    const tokenSet = this.peek();
    if (tokenSet !== undefined && options === undefined) return this.#refreshes.current.asPromise(tokenSet);
    const [minValidity = 0, signal] = [ownOption(options, "minValidity"), ownOption(options, "signal")];
    if (!(minValidity >= 0))
      return Promise.reject(new InvalidOptionError("minValidity", "a number of seconds, zero or more", kindOf(minValidity)));
    const isValid: Predicate = ({ expiresAt }) => expiresAt === undefined || this.#parts.clock.now() + minValidity * 1000 <= expiresAt;
    if (tokenSet === undefined) return this.#obtain(this.#refreshes.current.tokenSet?.accessToken ? "expired" : "missing", isValid, signal);
    if (minValidity > 0 && !isValid(tokenSet)) return this.#obtain("min-validity", isValid, signal);
    return this.#refreshes.current.asPromise(tokenSet);
  }

  async renew(refused: TokenSet, options?: { signal?: AbortSignal | undefined }): Promise<TokenSet> {
    const { accessToken } = refused;
    const isAnother: Predicate = (tokenSet) => tokenSet.accessToken !== accessToken;
    const fresh = this.peek();
    if (fresh !== undefined && isAnother(fresh)) return fresh;
    // Otherwise it is a late refusal of a token that is being replaced already.
    const { tokenSet: current = refused } = this.#refreshes.current;
    if (!isAnother(current)) this.#withhold(refused);
    const renewed = await this.#obtain("refused", isAnother, ownOption(options, "signal"));
    if (isAnother(renewed)) return renewed;
    this.reportReplay(renewed, false);
    throw new TokenflightError("ERR_NEW_TOKEN_REFUSED", "The token source gave the token that the resource server had refused.");
  }

  reportReplay(renewed: TokenSet, accepted: boolean): void {
    const { tokenSet: current } = this.#refreshes.current;
    // A report about a token that has been replaced meanwhile comes too late to mean anything.
    if (current === undefined || current.accessToken !== renewed.accessToken) return;
    if (!accepted) this.#newTokenRefusals ??= new NewTokenRefusals(this.#parts.clock);
    const pause = this.#newTokenRefusals?.report(current, accepted);
    if (pause !== undefined) this.#parts.observe({ type: "new-token-refused", token: current.fingerprint, pause });
  }

  async save(given: TokenSet | InitialTokens): Promise<TokenSet> {
    return this.#loginsOf().save(given);
  }

  async seed(given: TokenSet | InitialTokens): Promise<boolean> {
    return this.#loginsOf().seed(given);
  }

  async forget(options?: { revoke?: boolean | undefined }): Promise<void> {
    return this.#loginsOf().forget(options);
  }

  #loginsOf(): SubjectLogins {
    return (this.#logins ??= new SubjectLogins(this.#parts, this.#refreshes));
  }

  async reread(): Promise<TokenSet | undefined> {
    const { cell, lifetime } = this.#parts;
    lifetime.requireOpen();
    // Somebody may change the entry while it is read.
    for (let left = 3; left > 0; left -= 1) {
      await this.#refreshes.held.read(cell);
      if (this.#refreshes.held.isUsable()) break;
    }
    this.#refreshes.adopt(undefined);
    return this.peek();
  }

  status(): LoginStatus {
    const { clock, source, lifetime } = this.#parts;
    const { held, refusedAccessToken } = this.#refreshes;
    this.#refreshes.hear();
    return lifetime.isClosed || !held.isUsable() ? unknownStatus : statusOf(held.newest, source, clock.now(), refusedAccessToken);
  }

  /** Joins the refresh under way or starts one, and waits until the caller's signal aborts. */
  async #obtain(reason: RefreshReason, isWanted: Predicate, signal: AbortSignal | undefined): Promise<TokenSet> {
    if (signal !== undefined) throwIfAborted(signal);
    this.#parts.lifetime.requireOpen();
    let over = this.#givesOver ? mostOver - 1 : 0;
    for (let left = mostRefreshes, wasOver = false; left > 0; left -= 1) {
      const news = wasOver || reason === "refused" ? undefined : this.#news();
      if (news !== undefined) return news;
      const joined = this.#refreshes.pending;
      const pending = joined ?? this.#refreshes.start({ reason, urgency: "blocking", isWanted, isLook: false });
      const found = this.#refreshes.wait(pending, joined !== undefined, signal);
      let obtained: TokenSet | undefined;
      try {
        obtained = (await found) ?? this.#found(isWanted);
      } catch (error) {
        // A login may have been saved since the refresh looked.
        obtained = signal?.aborted ? undefined : this.#found(isWanted);
        if (obtained === undefined) throw error;
      }
      // A refresh was dropped, or another login was heard of since the record was read.
      if (obtained === undefined || this.#refreshes.held.isReplaced) continue;
      const isNew = pending.refresh.obtainedAt !== undefined;
      const isOver = this.#isOver(obtained);
      // A refresh for a `get()` accepts a stored token set with 20 s left. A caller with a `minValidity` of 60 who joined it starts another.
      if (!isNew && (isOver || (joined !== undefined && !isWanted(obtained)))) continue;
      this.#givesOver = isOver;
      if (!isOver) return obtained;
      // It may have expired before it could be written, as when the process was stopped meanwhile.
      wasOver = true;
      over += 1;
      if (over >= mostOver) throw overError();
    }
    throw new TokenRequestError("unknown", `${mostRefreshes} refreshes in a row have brought no token set for this caller.`);
  }

  /** What is there now, after a refresh that brought nothing. */
  #found(isWanted: Predicate): TokenSet | undefined {
    const found = this.peek();
    return found !== undefined && isWanted(found) ? found : undefined;
  }

  /** What the source gave less than a second ago, if that may be sent. Throws InvalidTokenResponseError when it was over. */
  #news(): TokenSet | undefined {
    const { current, held } = this.#refreshes;
    if (current.tokenSet === undefined || !current.isNews || current.isWithheld || !held.isUsable()) return undefined;
    if (this.#givesOver) throw overError();
    return current.tokenSet;
  }

  #isOver({ expiresAt }: TokenSet): boolean {
    return expiresAt !== undefined && expiresAt <= this.#parts.clock.now();
  }

  /** A resource server refused the current token: it is not sent until a refresh has failed. */
  #withhold(refused: TokenSet): void {
    const refreshes = this.#refreshes;
    if (this.#newTokenRefusals?.isPaused(refused)) {
      throw new TokenflightError("ERR_NEW_TOKEN_REFUSED", "The resource server refused a brand-new token, and its pause is not over.");
    }
    if (refreshes.refusedAccessToken !== refused.accessToken) this.#parts.observe({ type: "token-refused", token: refused.fingerprint });
    refreshes.refusedAccessToken = refused.accessToken;
    refreshes.current.withhold();
  }
}

function overError(): InvalidTokenResponseError {
  return new InvalidTokenResponseError("The token source gave a token set whose expiry lies in the past. Is this machine's clock right?");
}
