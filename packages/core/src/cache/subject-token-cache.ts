import { waitFor, withDeadline } from "../clock.ts";
import {
  InvalidOptionError,
  InvalidTokenResponseError,
  LoginRequiredError,
  StoreError,
  TokenflightError,
  TokenRequestError,
} from "../errors.ts";
import { tokenFacts } from "../events.ts";
import { kindOf, readOptions } from "../options.ts";
import { ownOption } from "../own.ts";
import { callingRefresh, holdsSlot } from "../refresh/callers.ts";
import { HeldRecord } from "../refresh/held-record.ts";
import { overwrite, type Overwritten } from "../refresh/login.ts";
import { isSameTokenSet, isSuccessor, type SubjectRecord } from "../refresh/record.ts";
import type { Refresh, SubjectParts } from "../refresh/refresh.ts";
import { RefreshTransaction } from "../refresh/transaction.ts";
import { readTokenSet, type TokenResponse } from "../tokens/token-response.ts";
import type { TokenSet } from "../tokens/token-set.ts";
import type { RefreshReason, Urgency } from "../tokens/token-source.ts";
import { CurrentTokenSet, wasJustObtained } from "./current-token-set.ts";
import { statusOf, unknownStatus } from "./login-status.ts";
import { NewTokenRefusals } from "./new-token-refusals.ts";
import { waitForRefresh, type PendingRefresh } from "./pending-refresh.ts";
import type { LoginStatus, TokenCache } from "./token-cache.ts";

type Predicate = (tokenSet: TokenSet) => boolean;

/** Refreshes in a row of which nothing more is heard. */
const mostDrops = 5;
/** Token sets in a row that are over when they come. */
const mostOver = 2;

/** The token cache of one subject: the current token set, and the one refresh that may be under way. */
export class SubjectTokenCache implements TokenCache {
  readonly #parts: SubjectParts;
  readonly #held: HeldRecord;
  readonly #transaction: RefreshTransaction;
  readonly #current: CurrentTokenSet;
  /** Made when a replay is refused for the first time. */
  #newTokenRefusals: NewTokenRefusals | undefined;
  /** The access token that a resource server refused last. */
  #refusedAccessToken: string | undefined;
  #pending: PendingRefresh | undefined;
  /** The login or logout that was called last, while it is under way. */
  #overwriting: Promise<unknown> | undefined;
  /** The source gives token sets that are over when they come. */
  #givesOver = false;

  constructor(parts: SubjectParts) {
    this.#parts = parts;
    this.#held = new HeldRecord(parts);
    this.#transaction = new RefreshTransaction(parts, this.#held);
    this.#current = new CurrentTokenSet(parts);
  }

  /** Whether this cache knows more than the store: a refresh is under way, or its result could not be written yet. */
  get isBusy(): boolean {
    const isPending = this.#pending !== undefined && this.#parts.clock.monotonic() < this.#pending.refresh.silentAfter;
    return isPending || this.#overwriting !== undefined || this.#transaction.isBusy;
  }

  peek(): TokenSet | undefined {
    const { clock, lifetime } = this.#parts;
    const now = clock.now();
    const isCurrent = this.#held.newest === this.#current.record && this.#held.isCurrent(now);
    if (isCurrent && now < this.#current.refreshAt && !lifetime.isClosed) return this.#current.tokenSet;
    if (!isCurrent) this.#hear();
    if (now >= this.#current.usableUntil || lifetime.isClosed || !this.#held.isUsable()) return undefined;
    if (this.#pending === undefined) this.#start("expiring", "ahead", () => true, now < this.#current.refreshAt);
    return this.#current.tokenSet;
  }

  get(options?: { signal?: AbortSignal | undefined; minValidity?: number | undefined }): Promise<TokenSet> {
    const tokenSet = this.peek();
    if (tokenSet !== undefined && options === undefined) return this.#current.asPromise(tokenSet);
    const [minValidity = 0, signal] = [ownOption(options, "minValidity"), ownOption(options, "signal")];
    if (!(minValidity >= 0))
      return Promise.reject(new InvalidOptionError("minValidity", "a number of seconds, zero or more", kindOf(minValidity)));
    const isValid: Predicate = ({ expiresAt }) => expiresAt === undefined || this.#parts.clock.now() + minValidity * 1000 <= expiresAt;
    if (tokenSet === undefined) return this.#obtain(this.#current.tokenSet === undefined ? "missing" : "expired", isValid, signal);
    if (minValidity > 0 && !isValid(tokenSet)) return this.#obtain("min-validity", isValid, signal);
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
    const renewed = await this.#obtain("refused", isAnother, ownOption(options, "signal"));
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
    const { record } = await this.#overwrite(tokenSet);
    this.#refusedAccessToken = undefined;
    this.#held.hear();
    this.#current.take(this.#held.newest);
    this.#current.obtained(undefined);
    // A caller who comes now does not wait for the tokens of the session before.
    this.#pending = undefined;
    this.#parts.observe({ type: "token-saved", ...tokenFacts(tokenSet, record.generation) });
    return tokenSet;
  }

  async forget(options: { revoke?: boolean | undefined } = {}): Promise<void> {
    const { revoke = false } = readOptions("forget", options, ["revoke"]);
    const revokeTokens = ownOption(this.#parts.source, "revoke");
    if (revoke && !revokeTokens) throw new InvalidOptionError("forget.revoke", "a token source that can revoke", "one that cannot");
    // A refresh under way may have used up the refresh token already. What it brings is what has to be given back.
    const first = revoke ? this.#pending?.tokenSet : undefined;
    const { record, replaced } = await this.#overwrite(undefined, first);
    this.#held.hear();
    this.#current.take(this.#held.newest);
    // A caller who comes now begins anew, and does not wait for the tokens of the session that is over.
    this.#pending = undefined;
    this.#parts.observe({ type: "token-forgotten", generation: record.generation });
    if (revoke && replaced !== undefined) await revokeTokens?.(replaced);
  }

  async reread(): Promise<TokenSet | undefined> {
    this.#parts.lifetime.requireOpen();
    // Somebody may change the entry while it is read.
    for (let left = 3; left > 0; left -= 1) {
      await this.#held.read(this.#parts.cell);
      if (this.#held.isUsable()) break;
    }
    this.#adopt(undefined);
    return this.peek();
  }

  status(): LoginStatus {
    const { clock, source, lifetime } = this.#parts;
    const now = clock.now();
    this.#hear();
    return lifetime.isClosed || !this.#held.isUsable() ? unknownStatus : statusOf(this.#held.newest, source, now);
  }

  /** Logins and logouts of one cache follow each other in the order of the calls. */
  async #overwrite(tokenSet: TokenSet | undefined, first?: Promise<unknown>): Promise<Overwritten> {
    const { clock, limits } = this.#parts;
    const before = this.#overwriting;
    const mine = (async () => {
      const earlier = Promise.allSettled([before, first]);
      // A runtime may have dropped them with the request that they belonged to.
      await withDeadline(clock, limits.slotTimeout, undefined, (signal) => waitFor(earlier, signal)).catch(() => {});
      return overwrite(this.#parts, this.#held, tokenSet);
    })();
    this.#overwriting = mine;
    try {
      return await mine;
    } finally {
      if (this.#overwriting === mine) this.#overwriting = undefined;
    }
  }

  /** Joins the refresh under way or starts one, and waits until the caller's signal aborts. */
  async #obtain(reason: RefreshReason, isWanted: Predicate, signal: AbortSignal | undefined): Promise<TokenSet> {
    signal?.throwIfAborted();
    this.#parts.lifetime.requireOpen();
    let drops = 0;
    for (let over = this.#givesOver ? mostOver - 1 : 0, wasOver = false; ;) {
      const news = wasOver || reason === "refused" ? undefined : this.#news();
      if (news !== undefined) return news;
      const joined = this.#pending;
      const pending = joined ?? this.#start(reason, "blocking", isWanted);
      const obtained = await this.#wait(pending, joined !== undefined, signal);
      if (obtained === undefined) {
        drops += 1;
        const found = this.peek();
        if (found !== undefined && isWanted(found)) return found;
        if (drops === mostDrops) throw new TokenRequestError("unknown", "A refresh was dropped again and again.");
        continue;
      }
      // Another login may have been heard of since the record was read.
      if (this.#held.isReplaced) continue;
      const isNew = pending.refresh.obtainedAt !== undefined;
      // A refresh for a `get()` accepts a stored token set with 20 s left. A caller with a `minValidity` of 60 who joined it starts another.
      if (!isNew && joined !== undefined && !isWanted(obtained)) continue;
      // Another cache has written its own in the meantime, which may be over.
      if (!isNew && this.#isOver(obtained)) continue;
      this.#givesOver = isNew && this.#isOver(obtained);
      if (!this.#givesOver) return obtained;
      // It may have expired before it could be written, as when the process was stopped meanwhile.
      wasOver = true;
      over += 1;
      if (over >= mostOver) throw overError();
    }
  }

  /** What the source gave less than a second ago, if that may be sent. Throws InvalidTokenResponseError when it was over. */
  #news(): TokenSet | undefined {
    const { tokenSet, isNews, isWithheld } = this.#current;
    if (tokenSet === undefined || !isNews || isWithheld || !this.#held.isUsable()) return undefined;
    if (this.#givesOver) throw overError();
    return tokenSet;
  }

  /** Resolves to undefined when the refresh is dropped, because it belonged to another caller and is silent. */
  async #wait(pending: PendingRefresh, isJoined: boolean, signal: AbortSignal | undefined): Promise<TokenSet | undefined> {
    const { refresh } = pending;
    if (isJoined) this.#transaction.raise(refresh, false);
    try {
      const obtained = await waitForRefresh(pending, this.#parts, signal, () => this.#transaction.raise(refresh, true));
      if (obtained !== undefined) return obtained;
    } catch (error) {
      // The platform may reject the promise of a request that has ended.
      if (!isJoined || signal?.aborted || TokenflightError.is(error)) throw error;
    }
    if (this.#pending === pending) this.#pending = undefined;
    this.#transaction.drop(refresh);
    return undefined;
  }

  #isOver({ expiresAt }: TokenSet): boolean {
    return expiresAt !== undefined && expiresAt <= this.#parts.clock.now();
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

  #start(reason: RefreshReason, urgency: Urgency, isWanted: Predicate, isLook = false): PendingRefresh {
    const { clock, freshness, queue, limits, lifetime } = this.#parts;
    const before = this.#current.record;
    const accepts = (record: SubjectRecord): boolean =>
      record.tokenSet !== undefined &&
      record.tokenSet.accessToken !== this.#refusedAccessToken &&
      (reason !== "expiring" || isLook || !isSameTokenSet(record, before)) &&
      clock.now() < freshness(record.tokenSet).usableUntil &&
      // Another process has just obtained it, so that there is no better one.
      (isWanted(record.tokenSet) || (reason !== "refused" && isSuccessor(record, before) && wasJustObtained(record.tokenSet, clock)));
    const refresh: Refresh = {
      id: crypto.randomUUID(),
      reason,
      isLook,
      urgency,
      atOnce: holdsSlot(),
      began: undefined,
      failures: 0,
      obtainedAt: undefined,
      silentAfter: clock.monotonic() + limits.longestStep,
      queue,
      caller: callingRefresh(),
      awaited: new Map(),
      isOver: false,
      accepts,
    };
    const tokenSet = this.#transaction.run(refresh).then(
      (record) => this.#take(refresh, record, before),
      (error: unknown) => this.#fail(refresh, error),
    );
    // After a refresh ahead nobody may be waiting. A caller who waits gets the rejection from a promise of its own.
    tokenSet.catch(() => {});
    lifetime.keepAlive(tokenSet);
    return (this.#pending = { refresh, tokenSet });
  }

  /** The refresh has brought a record. */
  #take(refresh: Refresh, found: SubjectRecord, before: SubjectRecord): TokenSet {
    this.#end(refresh);
    this.#held.hear();
    // A login may have come in between, whose token set no source has given.
    if (this.#held.newest !== found) refresh.obtainedAt = undefined;
    this.#adopt(refresh);
    const { tokenSet, record } = this.#current;
    if (isSameTokenSet(record, before)) this.#current.postponeRefresh(this.#transaction.pause.left());
    if (tokenSet === undefined) throw new LoginRequiredError("The token set was forgotten while it was being refreshed.");
    return tokenSet;
  }

  #fail(refresh: Refresh, error: unknown): TokenSet {
    const isCurrent = this.#end(refresh);
    this.#adopt(refresh);
    if (isCurrent) {
      // A refused token is sent again until a refresh succeeds: the resource server decides, not a token endpoint that is away.
      if (!(error instanceof LoginRequiredError)) this.#current.release();
      this.#current.postponeRefresh(this.#transaction.pause.left());
    }
    if (!(error instanceof StoreError)) throw error;
    this.#held.believe();
    // Somebody else has changed the entry, and nobody can look at it now: the token set in memory is sent for as long as it is good.
    const { record, tokenSet } = this.#current;
    if (tokenSet === undefined || this.#held.isReplaced || !refresh.accepts(record)) throw error;
    return tokenSet;
  }

  /** Returns whether it was the refresh that callers join. */
  #end(refresh: Refresh): boolean {
    refresh.isOver = true;
    refresh.caller = undefined;
    if (this.#pending?.refresh !== refresh) return false;
    this.#pending = undefined;
    return true;
  }

  /** Takes what is known by now: what another cache of this process has written, and what was read for a refresh that is still under way. */
  #hear(): void {
    this.#held.hear();
    if (this.#held.newest !== this.#held.own) this.#adopt(undefined);
  }

  /** Takes what is known of the record now, and tells when somebody else has written it. */
  #adopt(refresh: Refresh | undefined): void {
    const { newest } = this.#held;
    const isNew = this.#current.take(newest);
    if (refresh?.obtainedAt !== undefined) this.#current.obtained(refresh.obtainedAt);
    else if (isNew && newest.tokenSet !== undefined)
      this.#parts.observe({ type: "token-adopted", ...tokenFacts(newest.tokenSet, newest.generation) });
    else if (isNew) this.#parts.observe({ type: "token-forgotten", generation: newest.generation });
  }
}

function overError(): InvalidTokenResponseError {
  return new InvalidTokenResponseError("The token source gave a token set whose expiry lies in the past. Is this machine's clock right?");
}
