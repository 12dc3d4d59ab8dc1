import { LoginRequiredError, StoreError } from "../errors/refresh-errors.ts";
import { tokenFacts } from "../events.ts";
import { beginToWait, callingRefresh, holdsSlot } from "../refresh/callers.ts";
import { HeldRecord } from "../refresh/held-record.ts";
import { isSameTokenSet, isSuccessor, type SubjectRecord } from "../record/record.ts";
import type { Refresh, SubjectParts } from "../refresh/refresh.ts";
import { RefreshTransaction } from "../refresh/transaction.ts";
import type { TokenSet } from "../tokens/token-set.ts";
import type { RefreshReason, Urgency } from "../tokens/token-source.ts";
import { CurrentTokenSet, wasJustObtained } from "./current-token-set.ts";
import { RefreshWatch, type PendingRefresh } from "./pending-refresh.ts";
import { ownOption } from "../platform/own.ts";
import { randomId } from "../platform/random-id.ts";

export type Predicate = (tokenSet: TokenSet) => boolean;

/** Why and how a refresh begins. */
export interface RefreshWish {
  readonly reason: RefreshReason;
  readonly urgency: Urgency;
  readonly isWanted: Predicate;
  /** The token set that is there will do, when the entry still has it. */
  readonly isLook: boolean;
  /** In place of all rules about access tokens: whether this record will do. `began` is the one that the refresh has read first. */
  readonly accepts?: (record: SubjectRecord, began: SubjectRecord | undefined) => boolean;
}

/** The refreshes of one subject: the one under way, and what it does to the token set in memory. */
export class SubjectRefreshes {
  readonly held: HeldRecord;
  readonly current: CurrentTokenSet;
  /** The refresh that callers join. */
  pending: PendingRefresh | undefined;
  /** The access token that a resource server refused last. */
  refusedAccessToken: string | undefined;
  readonly #parts: SubjectParts;
  readonly #transaction: RefreshTransaction;

  constructor(parts: SubjectParts) {
    this.#parts = parts;
    this.held = new HeldRecord(parts);
    this.current = new CurrentTokenSet(parts);
    this.#transaction = new RefreshTransaction(parts, this.held);
  }

  /** Whether this process knows more than the store: a refresh is under way, or its result could not be written yet. */
  get isBusy(): boolean {
    const isPending = this.pending !== undefined && this.#parts.clock.monotonic() < this.pending.refresh.silentAfter;
    return isPending || this.#transaction.isBusy;
  }

  start(wish: RefreshWish): PendingRefresh {
    const { clock, freshness, queue, limits, lifetime } = this.#parts;
    const { reason, urgency, isWanted, isLook } = wish;
    const isAccepted = ownOption(wish, "accepts");
    const before = this.current.record;
    const accepts = (record: SubjectRecord): boolean =>
      record.tokenSet !== undefined &&
      record.tokenSet.accessToken !== this.refusedAccessToken &&
      (reason !== "expiring" || isLook || !isSameTokenSet(record, before)) &&
      clock.now() < freshness(record.tokenSet).usableUntil &&
      // Another process has just obtained it, so that there is no better one.
      (isWanted(record.tokenSet) || (reason !== "refused" && isSuccessor(record, before) && wasJustObtained(record.tokenSet, clock)));
    const refresh: Refresh = {
      id: randomId(),
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
      accepts: isAccepted === undefined ? accepts : (record) => isAccepted(record, refresh.began),
    };
    const tokenSet = this.#transaction.run(refresh).then(
      (record) => this.#take(refresh, record, before),
      (error: unknown) => this.#fail(refresh, error),
    );
    // After a refresh ahead nobody may be waiting. A caller who waits gets the rejection from a promise of its own.
    tokenSet.catch(() => {});
    lifetime.keepAlive(tokenSet);
    return (this.pending = { refresh, tokenSet });
  }

  /**
   * Waits for a refresh. Resolves to undefined when it is dropped, because it belonged to another caller and is silent. Throws ERR_REENTRANT_REFRESH when the
   * caller would wait for itself.
   */
  wait(pending: PendingRefresh, isJoined: boolean, signal: AbortSignal | undefined): Promise<TokenSet | undefined> {
    const { refresh } = pending;
    if (isJoined) this.#transaction.raise(refresh, false);
    const leave = beginToWait(refresh);
    const found = (isJoined ? this.#jointWatch(pending) : this.#watch(pending, false)).wait(signal);
    return leave === undefined ? found : found.finally(leave);
  }

  #watch(pending: PendingRefresh, isJoined: boolean): RefreshWatch {
    return new RefreshWatch(pending, this.#parts, isJoined, {
      waitsOn: () => this.#transaction.raise(pending.refresh, true),
      onSilence: () => {
        if (this.pending === pending) this.pending = undefined;
        this.#transaction.drop(pending.refresh);
      },
    });
  }

  /** For all who join in this turn of the event loop: a crowd that waits costs a promise each. */
  #jointWatch(pending: PendingRefresh): RefreshWatch {
    if (pending.watch !== undefined) return pending.watch;
    queueMicrotask(() => (pending.watch = undefined));
    return (pending.watch = this.#watch(pending, true));
  }

  /** Takes what is known by now: what another cache of this process has written, and what was read for a refresh that is still under way. */
  hear(): void {
    this.held.hear();
    // What this cache has written itself is published by whoever wrote it.
    if (this.held.newest !== this.held.own) this.adopt(undefined);
  }

  /** Takes what is known of the record now, and tells when somebody else has written it. */
  adopt(refresh: Refresh | undefined): void {
    const { newest } = this.held;
    const isNew = this.current.take(newest, refresh?.obtainedAt !== undefined);
    if (refresh?.obtainedAt !== undefined) this.current.obtained(refresh.obtainedAt);
    else if (isNew && newest.tokenSet?.accessToken === "") return;
    else if (isNew && newest.tokenSet !== undefined)
      this.#parts.observe({ type: "token-adopted", ...tokenFacts(newest.tokenSet, newest.generation) });
    else if (isNew) this.#parts.observe({ type: "token-forgotten", generation: newest.generation });
  }

  /** A login or a logout of this cache: whoever comes now begins anew, and does not wait for the tokens of the session that is over. */
  begin(): void {
    this.held.hear();
    this.current.take(this.held.newest);
    this.pending = undefined;
  }

  /** The refresh has brought a record. */
  #take(refresh: Refresh, found: SubjectRecord, before: SubjectRecord): TokenSet {
    this.#end(refresh);
    this.held.hear();
    // A login may have come in between, whose token set no source has given.
    if (this.held.newest !== found) refresh.obtainedAt = undefined;
    this.adopt(refresh);
    const { tokenSet, record } = this.current;
    if (isSameTokenSet(record, before)) this.current.postponeRefresh(this.#transaction.pause.left());
    if (tokenSet === undefined) throw new LoginRequiredError("The token set was forgotten while it was being refreshed.");
    return tokenSet;
  }

  #fail(refresh: Refresh, error: unknown): TokenSet {
    const isPending = this.#end(refresh);
    this.adopt(refresh);
    if (isPending) {
      // A refused token is sent again until a refresh succeeds: the resource server decides, not a token endpoint that is away.
      if (!(error instanceof LoginRequiredError)) this.current.release();
      this.current.postponeRefresh(this.#transaction.pause.left());
    }
    if (!(error instanceof StoreError)) throw error;
    this.held.believe();
    // Somebody else has changed the entry, and nobody can look at it now: the token set in memory is sent for as long as it is good.
    const { record, tokenSet } = this.current;
    if (tokenSet === undefined || this.held.isReplaced || !refresh.accepts(record)) throw error;
    return tokenSet;
  }

  /** Returns whether it was the refresh that callers join. */
  #end(refresh: Refresh): boolean {
    refresh.isOver = true;
    refresh.caller = undefined;
    if (this.pending?.refresh !== refresh) return false;
    this.pending = undefined;
    return true;
  }
}
