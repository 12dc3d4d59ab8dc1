import { wait } from "../clock.ts";
import { LoginRequiredError, StoreError, TokenRequestError, type TokenflightError } from "../errors.ts";
import { tokenFacts } from "../events.ts";
import type { TokenSet } from "../tokens/token-set.ts";
import { mayEndSession, spends } from "../tokens/token-source.ts";
import { privateCell, type RecordCell, type VersionedRecord } from "./cell.ts";
import { waitForOwner, writeIntent, type Claimable } from "./intents.ts";
import { createLossCounter } from "./limits.ts";
import { emptyRecord, type SubjectRecord } from "./record.ts";
import type { Refresh } from "./refresh.ts";
import { callSource } from "./source-call.ts";
import type { SubjectParts } from "./subject-parts.ts";
import { SubjectPause } from "./subject-pause.ts";
import { mayRepeat, withFailure, withTokenSet } from "./transitions.ts";
import { writeResult } from "./write-result.ts";

/** A refresh whose intent this process has written. */
interface ClaimedRefresh {
  readonly parts: SubjectParts;
  readonly refresh: Refresh;
  readonly claim: VersionedRecord;
  /** When this process began to write the intent, by the monotonic clock. */
  readonly started: number;
}

/** The refresh transaction. docs/architecture.md has its steps: all who share a cell send one token request at most for each generation. */
export class RefreshTransaction {
  /** The newest record that this process knows. It is written again if the store has lost it. */
  newest: SubjectRecord = emptyRecord;
  readonly pause: SubjectPause;
  readonly #parts: SubjectParts;
  /**
   * The version of the entry under which the note of a failure could not be written; `newest` is that note. Example: the endpoint says that the
   * refresh token is dead, and the store is away. The entry still looks like one to be refreshed, and each refresh would send the token again.
   */
  #unwritten: VersionedRecord["version"];
  /** The refresh whose intent may be in the store although its write failed. Example: the reply was lost. Nobody has to wait for that owner. */
  #unsent: string | undefined;
  /** How many results the cell does not have yet. */
  #writing = 0;

  constructor(parts: SubjectParts) {
    this.#parts = parts;
    this.pause = new SubjectPause(parts.clock);
  }

  /** Whether the result of a token request is still to be written. */
  get isBusy(): boolean {
    return this.#writing > 0;
  }

  /** Resolves to a record with another token set; to the same one, if a refresh ahead is better postponed; to one without after a logout. */
  async run(refresh: Refresh): Promise<SubjectRecord> {
    const { source, observe } = this.#parts;
    try {
      return this.#remember(await this.#transact(this.#parts, refresh));
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      observe({ type: "store-trouble", operation: "read", error });
      // Two token requests do no harm when they use nothing up. A refresh token is never sent before the store has the intent.
      if (source.spendsRefreshToken !== false) throw error;
      return this.#remember(await this.#transact({ ...this.#parts, cell: privateCell(this.newest) }, refresh));
    }
  }

  /** Writes a record of the next generation over whatever is there: a login, or a logout. Also tells which token set it replaced. */
  async overwrite(tokenSet: TokenSet | undefined): Promise<{ record: SubjectRecord; replaced: TokenSet | undefined }> {
    const { cell, limits } = this.#parts;
    for (const lost = createLossCounter(limits.lostWrites); ;) {
      const seen = await this.#read(cell);
      const written = await cell.replace(seen, { generation: seen.record.generation + 1, tokenSet });
      if (written !== undefined) return { record: this.#remember(written.record), replaced: seen.record.tokenSet };
      lost(seen.version);
    }
  }

  /** A caller began to wait for a refresh that was started ahead. */
  raise(refresh: Refresh): void {
    if (refresh.urgency === "blocking") return;
    refresh.urgency = "blocking";
    this.#parts.queue.raise(refresh.id);
  }

  /** Each round begins with what the cell holds at that moment. `continue` means that the cell may hold something else by now. */
  async #transact(parts: SubjectParts, refresh: Refresh): Promise<SubjectRecord> {
    const { cell, source, queue, limits } = parts;
    for (const lost = createLossCounter(limits.lostWrites); ;) {
      const seen = await this.#read(cell); // 1
      if (this.#satisfies(seen.record, refresh)) return seen.record;
      const claimable = await waitForOwner(parts, seen, refresh, [refresh.id, this.#unsent]); // 2
      if (claimable === undefined) continue;
      // The refresh token may have been used up: R1 was sent, and the answer was lost. While the old access token is good, R1 is not risked.
      const isUnresolved = claimable.record.intent !== undefined && mayEndSession(source, claimable.record.tokenSet);
      if (isUnresolved && refresh.urgency === "ahead") return claimable.record;
      if (await this.#waitForPause(claimable, refresh)) continue;
      const record = await queue.run(() => this.#claimAndAsk(parts, claimable, refresh), refresh); // 3
      if (record !== undefined) return record;
      lost(seen.version);
    }
  }

  /** Whether the record is what the refresh is to bring, without a token request. Throws LoginRequiredError. */
  #satisfies(record: SubjectRecord, refresh: Refresh): boolean {
    const { generation, tokenSet, loginRequired } = record;
    refresh.generation ??= generation;
    if (tokenSet === undefined && generation > refresh.generation) return true;
    if (tokenSet !== undefined && refresh.accepts(record)) {
      if (generation > this.newest.generation) this.#parts.observe({ type: "token-adopted", ...tokenFacts(tokenSet, generation) });
      return true;
    }
    if (loginRequired !== undefined) throw new LoginRequiredError("The session is over: a login is required.", loginRequired);
    return false;
  }

  /** Waits for the end of a pause, if it is worth it: the endpoint asked for it, or this refresh began it. Throws its reason otherwise. */
  async #waitForPause(seen: VersionedRecord, refresh: Refresh): Promise<boolean> {
    const { clock, queue, limits } = this.#parts;
    const pause = this.pause.leftIn(seen);
    const isWorthIt = pause <= limits.requestTimeout && (refresh.failures > 0 || seen.record.pause?.outcome === "throttled");
    if (pause > 0 && !isWorthIt) throw this.pause.reason(seen.record);
    // During a longer pause of the endpoint the queue rejects the task.
    const left = Math.max(pause, queue.pausedFor());
    if (left === 0 || left > limits.requestTimeout) return false;
    await wait(clock, left, undefined, refresh.urgency === "blocking");
    return true;
  }

  /** Runs in the queue, so that an intent exists only while its token request is under way. Resolves to undefined when a new round is due. */
  async #claimAndAsk(parts: SubjectParts, claimable: Claimable, refresh: Refresh): Promise<SubjectRecord | undefined> {
    const { clock, source, limits } = parts;
    const { reason, urgency } = refresh;
    const started = clock.monotonic();
    // 4
    const claim = await writeIntent(parts, claimable, refresh).catch((error: unknown) => {
      this.#unsent = refresh.id;
      throw error;
    });
    if (claim === undefined) return undefined;
    const claimed: ClaimedRefresh = { parts, refresh, claim, started };
    const storeResult = (tokenSet: TokenSet): Promise<SubjectRecord> => this.#storeResult(claimed, tokenSet);
    try {
      if (clock.monotonic() - started > limits.sendWithin)
        throw new TokenRequestError("not-sent", "The process was stopped for too long to send the token request.");
      const { tokenSet: previous } = claim.record;
      const call = { refresh, reason, urgency, timeout: limits.requestTimeout, takeLate: storeResult, ...(previous && { previous }) };
      const record = await storeResult(await callSource(source, clock, call)); // 5, 6
      // After a lost race, the winner's token set may have expired already, or may be the one that was refused.
      return refresh.obtained || record.tokenSet === undefined || refresh.accepts(record) ? record : undefined;
    } catch (error) {
      await this.#noteFailure(claimed, error as TokenflightError);
      return undefined;
    }
  }

  /** Writes the result before anyone gets it. A store that is away delays it for the timeout of one token request at most. */
  async #storeResult({ parts, refresh, claim, started }: ClaimedRefresh, tokenSet: TokenSet): Promise<SubjectRecord> {
    const { clock, limits, observe } = parts;
    const { reason, urgency } = refresh;
    const duration = clock.monotonic() - started;
    const next = withTokenSet(claim.record, tokenSet);
    const settled = new AbortController();
    this.#writing += 1;
    const written = writeResult(parts, claim, next).finally(() => (this.#writing -= 1));
    const record = await Promise.race([written, wait(clock, limits.requestTimeout, settled.signal).then(() => next)]);
    settled.abort();
    if (record === next) {
      refresh.obtained = true;
      observe({ type: "token-obtained", ...tokenFacts(tokenSet, next.generation), reason, urgency, duration });
    }
    return this.#remember(record);
  }

  /** Notes a failure in the cell, for all who share it, and throws it unless the token request may be repeated. */
  async #noteFailure({ parts, refresh, claim }: ClaimedRefresh, failure: TokenflightError): Promise<void> {
    const { cell, clock, queue, source, observe, limits } = parts;
    const noted = withFailure(claim.record, failure, spends(source, claim.record.tokenSet), clock);
    let written: VersionedRecord | undefined = claim;
    try {
      written = await cell.replace(claim, noted);
    } catch (error) {
      this.#unwritten = claim.version;
      observe({ type: "store-trouble", operation: "write", error: error as TokenflightError });
    }
    // Another process was faster and has a newer token set: the failure only says that a race was lost.
    if (written === undefined) return;
    this.#remember(noted);
    if (noted.pause === undefined) {
      observe({ type: "login-required", error: failure });
      throw failure;
    }
    const { duration, outcome } = noted.pause;
    this.pause.begin(noted.pause, written.version, failure);
    observe({ type: "refresh-failed", reason: refresh.reason, error: failure, retryIn: duration });
    if (outcome === "throttled") queue.pause(duration);
    refresh.failures += 1;
    if (!mayRepeat(failure) || duration > limits.requestTimeout || refresh.failures > limits.repeats) throw failure;
  }

  /** What the cell holds; what this process knows, when that is newer because the store has lost it or would not take it. */
  async #read(cell: RecordCell): Promise<VersionedRecord> {
    const { version, record } = await cell.read();
    const isOlder = record.generation < this.newest.generation || (version !== undefined && version === this.#unwritten);
    return { version, record: isOlder ? this.newest : record };
  }

  #remember(record: SubjectRecord): SubjectRecord {
    if (record.generation >= this.newest.generation) this.newest = record;
    return record;
  }
}
