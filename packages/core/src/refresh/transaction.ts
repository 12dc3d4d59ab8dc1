import { wait } from "../clock/waits.ts";
import { LoginRequiredError, StoreError } from "../errors/refresh-errors.ts";
import { TokenRequestError } from "../errors/token-request-error.ts";
import type { TokenflightError } from "../errors/tokenflight-error.ts";
import type { TokenSet } from "../tokens/token-set.ts";
import { canDoWithoutStore, mayEndSession } from "../tokens/spending.ts";
import { holdsSlot } from "./callers.ts";
import { createRounds, operationOf, privateCell, type VersionedRecord } from "./cell.ts";
import type { HeldRecord } from "./held-record.ts";
import { newlySeen, waitForOwner, writeIntent, type Claimable, type StandingIntent } from "./intents.ts";
import { forPurpose } from "../record/purposes.ts";
import { emptyRecord, type SubjectRecord } from "../record/record.ts";
import { Results, type ClaimedRefresh } from "./results.ts";
import { callSource } from "./source-call.ts";
import type { Refresh, SubjectParts } from "./refresh.ts";
import { SubjectPause } from "./subject-pause.ts";
import { inTurn } from "./turn.ts";

/** The refresh transaction. docs/architecture.md has its steps: all who share a cell send one token request at most for each generation. */
export class RefreshTransaction {
  readonly held: HeldRecord;
  readonly pause: SubjectPause;
  readonly #parts: SubjectParts;
  /** The refresh whose intent may be in the store although its write failed. Example: the reply was lost. Nobody has to wait for that owner. */
  #unsent: string | undefined;
  /** The intent that was seen last. */
  #standing: StandingIntent | undefined;
  readonly #results: Results;

  constructor(parts: SubjectParts, held: HeldRecord) {
    this.#parts = parts;
    this.held = held;
    this.pause = new SubjectPause(parts.clock);
    this.#results = new Results(this.held, this.pause);
  }

  /** Whether the result of a token request is still to be written. */
  get isBusy(): boolean {
    return this.#results.isBusy;
  }

  /** Resolves to a record with another token set; to the same one, if a refresh ahead is better postponed; to one without after a logout. */
  async run(refresh: Refresh): Promise<SubjectRecord> {
    const { source, cell, observe } = this.#parts;
    try {
      return await this.#transact(this.#parts, refresh);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      observe({ type: "store-trouble", operation: operationOf(error), error });
      // Two token requests do no harm when they use nothing up. A refresh token is never sent before the store has the intent.
      if (!canDoWithoutStore(source, this.held.newest.tokenSet)) throw error;
      const { isReplaced, newest } = this.held;
      this.held.believe();
      refresh.began = undefined;
      const first = isReplaced ? forPurpose(emptyRecord, cell.shared?.purpose) : newest;
      const record = await this.#transact({ ...this.#parts, cell: privateCell(first) }, refresh);
      if (isReplaced) this.held.supersede(record);
      return record;
    }
  }

  /** A caller begins to wait for a refresh, or waits on. */
  raise(refresh: Refresh, waitsOn: boolean): void {
    const { queue } = this.#parts;
    refresh.atOnce ||= holdsSlot();
    if (refresh.urgency === "blocking" && !refresh.atOnce && !waitsOn) return;
    refresh.urgency = "blocking";
    queue.raise(refresh.id, { atOnce: refresh.atOnce });
  }

  /** A refresh of this process was silent past its deadline. So is the owner of its intent. */
  drop(refresh: Refresh): void {
    if (this.#standing?.owner === refresh.id) this.#standing.silence = Number.POSITIVE_INFINITY;
  }

  /** Each round begins with what the cell holds at that moment. `continue` means that the cell may hold something else by now. */
  async #transact(parts: SubjectParts, refresh: Refresh): Promise<SubjectRecord> {
    const { cell, source, clock, lifetime, limits } = parts;
    for (const anotherRound = createRounds(clock, limits); ;) {
      lifetime.requireOpen();
      refresh.silentAfter = clock.monotonic() + limits.longestStep;
      const seen = await this.held.read(cell); // 1
      if (this.#satisfies(seen.record, refresh) || (refresh.isLook && refresh.urgency === "ahead")) return seen.record;
      this.#requireNoNews(seen, refresh);
      const claimable = await waitForOwner(parts, seen, refresh, this.#knownOf(seen), this.#wasUnsent(seen, refresh)); // 2
      if (claimable === undefined) continue;
      // The refresh token may have been used up: R1 was sent, and the answer was lost. While the old access token is good, R1 is not risked.
      const isUnresolved = claimable.record.intent !== undefined && mayEndSession(source, claimable.record.tokenSet);
      if (isUnresolved && refresh.urgency === "ahead") return claimable.record;
      if (await this.#waitForPause(claimable, refresh)) continue;
      const record = await inTurn(this.#parts, refresh, () =>
        lifetime.finish((waitAlsoFor) => this.#claimAndAsk(parts, claimable, refresh, waitAlsoFor), cell),
      ); // 3
      if (record !== undefined) return record;
      await anotherRound();
    }
  }

  /** Whether the record is what the refresh is to bring, without a token request. Throws LoginRequiredError. */
  #satisfies(record: SubjectRecord, refresh: Refresh): boolean {
    const began = (refresh.began ??= record);
    const isLater = record.lineage !== began.lineage || record.generation > began.generation;
    if (record.tokenSet === undefined && isLater) return true;
    if (record.tokenSet !== undefined && refresh.accepts(record)) return true;
    if (record.loginRequired === undefined) return false;
    const why = record.tokenSet === undefined ? "Nobody is logged in" : "The session is over";
    throw new LoginRequiredError(`${why}: a login is required.`, record.loginRequired);
  }

  /** Throws what an owner has noted for those who wait for it: this refresh was among them. */
  #requireNoNews(seen: VersionedRecord, { began }: Refresh): void {
    const { pause } = seen.record;
    if (pause?.note === undefined || pause.note === began?.pause?.note) return;
    this.pause.leftIn(seen);
    throw this.pause.reason(seen.record);
  }

  /** An intent is watched on from refresh to refresh. */
  #knownOf({ version, record }: VersionedRecord): StandingIntent {
    const known = this.#standing?.version === version ? this.#standing : undefined;
    const standing = known ?? newlySeen(version, record.intent?.owner);
    this.#standing = record.intent === undefined ? undefined : standing;
    return standing;
  }

  #wasUnsent({ record: { intent } }: VersionedRecord, refresh: Refresh): boolean {
    return intent !== undefined && (intent.owner === refresh.id || intent.owner === this.#unsent);
  }

  /** Waits for the end of a pause, if it is worth it: the endpoint asked for it, or this refresh began it. Throws its reason otherwise. */
  async #waitForPause(seen: VersionedRecord, refresh: Refresh): Promise<boolean> {
    const { clock, queue, limits, lifetime } = this.#parts;
    const pause = this.pause.leftIn(seen);
    const isWorthIt = pause <= limits.requestTimeout && (refresh.failures > 0 || seen.record.pause?.outcome === "throttled");
    if (pause > 0 && !isWorthIt) throw this.pause.reason(seen.record);
    // During a longer pause of the endpoint the queue rejects the task.
    const left = Math.max(pause, queue.pausedFor());
    if (left === 0 || left > limits.requestTimeout) return false;
    refresh.silentAfter = clock.monotonic() + left + limits.longestStep;
    await wait(clock, left, lifetime.closing);
    return true;
  }

  /** Runs in the queue, so that an intent exists only while its token request is under way. Resolves to undefined when a new round is due. */
  async #claimAndAsk(
    parts: SubjectParts,
    claimable: Claimable,
    refresh: Refresh,
    waitAlsoFor: ClaimedRefresh["waitAlsoFor"],
  ): Promise<SubjectRecord | undefined> {
    const { cell, clock, limits } = parts;
    const { reason, urgency } = refresh;
    const started = clock.monotonic();
    refresh.silentAfter = started + limits.takeoverWait + limits.longestStep;
    // 4
    const claim = await writeIntent(parts, claimable, refresh).catch((error: unknown) => {
      this.#unsent = refresh.id;
      throw error;
    });
    if (claim === undefined) return undefined;
    this.#standing = newlySeen(claim.version, refresh.id);
    if (cell === this.#parts.cell) this.held.claimed(claim);
    const claimed: ClaimedRefresh = { parts, refresh, claim, started, waitAlsoFor };
    const takeLate = (late: TokenSet | TokenflightError): void => this.#results.takeLate(claimed, late);
    try {
      if (clock.monotonic() - started > limits.sendWithin)
        throw new TokenRequestError("not-sent", "The process was stopped for too long to send the token request.");
      refresh.silentAfter = clock.monotonic() + limits.longestStep;
      const { tokenSet: previous } = claim.record;
      const call = { refresh, reason, urgency, timeout: limits.requestTimeout, takeLate, ...(previous && { previous }) };
      const tokenSet = await callSource(parts, call); // 5
      refresh.silentAfter = clock.monotonic() + limits.requestTimeout + limits.longestStep;
      this.#standing = undefined;
      const record = await this.#results.store(claimed, tokenSet); // 6
      // After a lost race, the winner's token set may have expired already, or may be the one that was refused.
      return refresh.obtainedAt !== undefined || record.tokenSet === undefined || refresh.accepts(record) ? record : undefined;
    } catch (error) {
      await this.#results.note(claimed, error as TokenflightError);
      return undefined;
    }
  }
}
