import { wait } from "../clock.ts";
import { LoginRequiredError, StoreError, TokenRequestError, type TokenflightError } from "../errors.ts";
import { tokenFacts } from "../events.ts";
import type { TokenSet } from "../tokens/token-set.ts";
import { risksSession, spends } from "../tokens/token-source.ts";
import { privateCell, type RecordCell, type VersionedRecord } from "./cell.ts";
import { waitForOwner, writeIntent, type Claimable } from "./intents.ts";
import { Pauses } from "./pauses.ts";
import { emptyRecord, type SubjectRecord } from "./record.ts";
import type { RefreshRequest } from "./refresh-request.ts";
import { callSource } from "./source-call.ts";
import type { SubjectParts } from "./subject-parts.ts";
import { mayRepeat, withFailure, withTokens } from "./transitions.ts";
import { writeResult } from "./write-result.ts";

/** A token request for which this process has written its intent. */
interface Attempt {
  readonly parts: SubjectParts;
  readonly claim: VersionedRecord;
  readonly request: RefreshRequest;
  /** When it began to write the intent, by the monotonic clock. */
  readonly started: number;
}

/** The refresh transaction, whose steps docs/architecture.md has: all who share a cell send one token request at most per generation. */
export class Refresh {
  /** The newest record that this process knows. It is written again if the store has lost it. */
  newest: SubjectRecord = emptyRecord;
  readonly pauses: Pauses;
  readonly #parts: SubjectParts;
  /**
   * The version of the entry under which the note of a failure could not be written; `newest` is that note. Example: the endpoint says that the
   * refresh token is dead, and the store is away. The entry still looks like one to be refreshed, and each request would send the token again.
   */
  #unwritten: VersionedRecord["version"];
  /** The request whose intent is perhaps in the store, because the reply to its write was lost, and which surely sent nothing. */
  #unsent: string | undefined;
  /** Results that the cell does not have yet. */
  #writing = 0;

  constructor(parts: SubjectParts) {
    this.#parts = parts;
    this.pauses = new Pauses(parts.clock);
  }

  /** Whether the result of a token request is still to be written. */
  get isBusy(): boolean {
    return this.#writing > 0;
  }

  /** Resolves to a record with a newer token set; as it is, if a refresh ahead is better postponed; without a token set after a logout. */
  async run(request: RefreshRequest): Promise<SubjectRecord> {
    const { source, observe } = this.#parts;
    try {
      return this.#remember(await this.#refresh(this.#parts, request));
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      observe({ type: "store-trouble", operation: "read", error });
      // Two token requests do no harm when they use nothing up. A refresh token is never sent without the store's consent.
      if (source.spendsRefreshToken !== false) throw error;
      return this.#remember(await this.#refresh({ ...this.#parts, cell: privateCell(this.newest) }, request));
    }
  }

  /** Writes a record of the next generation over whatever is there: a login, or a logout. Also tells which token set it replaced. */
  async overwrite(tokenSet: TokenSet | undefined): Promise<{ record: SubjectRecord; replaced: TokenSet | undefined }> {
    const { cell, limits } = this.#parts;
    for (let round = 0; round < limits.rounds; round += 1) {
      const seen = await this.#read(cell);
      const written = await cell.replace(seen, { generation: seen.record.generation + 1, tokenSet });
      if (written !== undefined) return { record: this.#remember(written.record), replaced: seen.record.tokenSet };
    }
    throw tooManyRounds();
  }

  /** A caller began to wait for a refresh that was started ahead. */
  raise(request: RefreshRequest): void {
    if (request.urgency === "blocking") return;
    request.urgency = "blocking";
    this.#parts.queue.raise(request.id);
  }

  /** Each round begins with what the cell holds at that moment, and `continue` means that it may hold something else by now. */
  async #refresh(parts: SubjectParts, request: RefreshRequest): Promise<SubjectRecord> {
    const { cell, source, queue, limits } = parts;
    for (let round = 0; round < limits.rounds; round += 1) {
      const seen = await this.#read(cell);
      if (this.#answers(seen.record, request)) return seen.record;
      const claimable = await waitForOwner(parts, seen, request, [request.id, this.#unsent]);
      if (claimable === undefined) continue;
      // The refresh token may have been used up. It is sent again only when the old access token will not do any more.
      const isInDoubt = claimable.record.intent !== undefined && risksSession(source, claimable.record.tokenSet);
      if (isInDoubt && request.urgency === "ahead") return claimable.record;
      if (await this.#waitForPause(claimable, request)) continue;
      const record = await queue.run(() => this.#ask(parts, claimable, request), request);
      if (record !== undefined) return record;
    }
    throw tooManyRounds();
  }

  /** Whether the record is what the request wants, without a token request. Throws LoginRequiredError. */
  #answers(record: SubjectRecord, request: RefreshRequest): boolean {
    const { generation, tokenSet, loginRequired } = record;
    request.generation ??= generation;
    if (tokenSet === undefined && generation > request.generation) return true;
    if (tokenSet !== undefined && request.accepts(record)) {
      if (generation > this.newest.generation) this.#parts.observe({ type: "token-adopted", ...tokenFacts(tokenSet, generation) });
      return true;
    }
    if (loginRequired !== undefined) throw new LoginRequiredError("The session is over: a login is required.", loginRequired);
    return false;
  }

  /** Waits for the end of a pause that is short enough. Resolves to whether it waited. Throws the reason of a pause that is not. */
  async #waitForPause(seen: VersionedRecord, request: RefreshRequest): Promise<boolean> {
    const { clock, queue, limits } = this.#parts;
    const pause = this.pauses.leftIn(seen);
    const isWorthIt = pause <= limits.request && (request.failures > 0 || seen.record.pause?.outcome === "throttled");
    if (pause > 0 && !isWorthIt) throw this.pauses.reason(seen.record);
    // During a longer pause of the endpoint the queue rejects the task.
    const delay = Math.max(pause, queue.pausedFor());
    if (delay === 0 || delay > limits.request) return false;
    await wait(clock, delay, undefined, request.urgency === "blocking");
    return true;
  }

  /** Runs in the queue, so that an intent exists only while its token request is under way. Undefined: lost a race, or may be repeated. */
  async #ask(parts: SubjectParts, claimable: Claimable, request: RefreshRequest): Promise<SubjectRecord | undefined> {
    const { clock, source, limits } = parts;
    const { reason, urgency } = request;
    const started = clock.monotonic();
    const claim = await writeIntent(parts, claimable, request).catch((error: unknown) => {
      this.#unsent = request.id;
      throw error;
    });
    if (claim === undefined) return undefined;
    const attempt: Attempt = { parts, claim, request, started };
    const keep = (tokenSet: TokenSet): Promise<SubjectRecord> => this.#keep(attempt, tokenSet);
    try {
      if (clock.monotonic() - started > limits.claim)
        throw new TokenRequestError("not-sent", "The process was held up for too long to send the token request safely.");
      const { tokenSet: previous } = claim.record;
      const call = { refresh: request, reason, urgency, timeout: limits.request, late: keep, ...(previous && { previous }) };
      const record = await keep(await callSource(source, clock, call));
      // After a lost race, the winner's token set may be over already, or refused.
      return request.obtained || record.tokenSet === undefined || request.accepts(record) ? record : undefined;
    } catch (error) {
      await this.#noteFailure(attempt, error as TokenflightError);
      return undefined;
    }
  }

  /** Writes the result before anyone gets it. A store that is away delays it for the timeout of one token request at most. */
  async #keep({ parts, claim, request, started }: Attempt, tokenSet: TokenSet): Promise<SubjectRecord> {
    const { clock, limits, observe } = parts;
    const { reason, urgency } = request;
    const duration = clock.monotonic() - started;
    const next = withTokens(claim.record, tokenSet);
    const settled = new AbortController();
    this.#writing += 1;
    const written = writeResult(parts, claim, next).finally(() => (this.#writing -= 1));
    const record = await Promise.race([written, wait(clock, limits.request, settled.signal).then(() => next)]);
    settled.abort();
    if (record === next) {
      request.obtained = true;
      observe({ type: "token-obtained", ...tokenFacts(tokenSet, next.generation), reason, urgency, duration });
    }
    return this.#remember(record);
  }

  /** Notes a failure in the cell, for all who share it, and throws it unless the token request may be repeated. */
  async #noteFailure({ parts, claim, request }: Attempt, failure: TokenflightError): Promise<void> {
    const { cell, clock, queue, source, observe, limits } = parts;
    const note = withFailure(claim.record, failure, spends(source, claim.record.tokenSet), clock);
    let written: VersionedRecord | undefined = claim;
    try {
      written = await cell.replace(claim, note);
    } catch (error) {
      this.#unwritten = claim.version;
      observe({ type: "store-trouble", operation: "write", error: error as TokenflightError });
    }
    // Another process was faster and has a newer token set: the failure only says that a race was lost.
    if (written === undefined) return;
    this.#remember(note);
    if (note.pause === undefined) {
      observe({ type: "login-required", error: failure });
      throw failure;
    }
    const { duration, outcome } = note.pause;
    this.pauses.begin(note.pause, written.version, failure);
    observe({ type: "refresh-failed", reason: request.reason, error: failure, retryIn: duration });
    if (outcome === "throttled") queue.pause(duration);
    request.failures += 1;
    if (!mayRepeat(failure) || duration > limits.request || request.failures > limits.repeats) throw failure;
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

/** A store that works gives each writer its turn long before. */
function tooManyRounds(): StoreError {
  return new StoreError("ERR_STORE_UNAVAILABLE", "The store was given up, because another writer was faster each time.");
}
