import { PrivateCell, type RecordCell, type Seen } from "./cell.ts";
import { sleep } from "../clock.ts";
import { LoginRequiredError, StoreError, TokenRequestError, type TokenflightError } from "../errors.ts";
import { tokenFacts } from "../events.ts";
import { isOrphan } from "./wait-for-change.ts";
import { Pauses } from "./pauses.ts";
import { emptyRecord, type SubjectRecord } from "./record.ts";
import type { RefreshRequest } from "./refresh-request.ts";
import { callSource } from "./source-call.ts";
import type { SubjectParts } from "./subject-parts.ts";
import type { TokenSet } from "../tokens/token-set.ts";
import { risksSession, spends } from "../tokens/token-source.ts";
import { mayRepeat, withFailure, withIntent, withoutOwner, withTokens } from "./transitions.ts";
import { writeResult } from "./write-result.ts";

/** How often one refresh repeats a token request that was not sent, or was throttled for a short time. */
const repeats = 2;

/**
 * The refresh transaction of one subject: read the record, write the intent, ask the source, write the result. At most one token
 * request is sent per generation, across everything that shares the cell; docs/architecture.md tells why each step is there.
 */
export class Refresh {
  /** The newest record known here; written again when the store has lost it. */
  held: SubjectRecord = emptyRecord;
  readonly #parts: SubjectParts;
  readonly pauses: Pauses;
  /** The entry's version under which a note of a failure, which is held, could not be written. */
  #unwritten: Seen["version"];
  /** The owner of an intent that was perhaps written, its reply lost, and surely not acted upon. */
  #idle: string | undefined;
  /** Results that the cell does not have yet. */
  #writing = 0;

  constructor(parts: SubjectParts) {
    this.#parts = parts;
    this.pauses = new Pauses(parts.clock);
  }

  /**
   * Resolves to the record with a newer token set; to the record as it stands when a refresh ahead is better put off; to one without
   * tokens after a logout.
   */
  async run(request: RefreshRequest): Promise<SubjectRecord> {
    let { cell } = this.#parts;
    for (;;) {
      try {
        const record = await this.#attempt(cell, request);
        if (record !== undefined) return this.#hold(record);
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        this.#parts.observe({ type: "store-trouble", operation: "read", error });
        // Asking twice does no harm when a request consumes nothing. A refresh token is never sent without the store's consent.
        if (this.#parts.source.spendsRefreshToken !== false || cell !== this.#parts.cell) throw error;
        cell = new PrivateCell(this.held);
      }
    }
  }

  /** Whether the result of a token request is still to be written. */
  get isBusy(): boolean {
    return this.#writing > 0;
  }

  /** Writes a record of the next generation over whatever stands: a login, or a logout. Also tells which token set stood there. */
  async overwrite(tokens: TokenSet | undefined): Promise<{ record: SubjectRecord; replaced: TokenSet | undefined }> {
    for (;;) {
      const seen = await this.#read(this.#parts.cell);
      const written = await this.#parts.cell.replace(seen, { generation: seen.record.generation + 1, tokens });
      if (written !== undefined) return { record: this.#hold(written.record), replaced: seen.record.tokens };
    }
  }

  /** Somebody began to wait for a refresh that was started ahead. */
  raise(request: RefreshRequest): void {
    if (request.urgency === "blocking") return;
    request.urgency = "blocking";
    this.#parts.queue.raise(request.id);
  }

  /** One time through the transaction. Undefined: the record has changed, or a pause is over; look again. */
  async #attempt(cell: RecordCell, request: RefreshRequest): Promise<SubjectRecord | undefined> {
    const { clock, queue, source, timeout, observe } = this.#parts;
    const seen = await this.#read(cell);
    let { record } = seen;
    request.generation ??= record.generation;
    if (record.tokens === undefined && record.generation > request.generation) return record;
    if (record.tokens !== undefined && request.accepts(record)) {
      if (record.generation > this.held.generation) observe({ type: "token-adopted", ...tokenFacts(record.tokens, record.generation) });
      return record;
    }
    if (record.loginRequired !== undefined) {
      throw new LoginRequiredError("The session is over: a login is required.", record.loginRequired);
    }
    const isAwaited = (): boolean => request.urgency === "blocking";
    let takesOver = false;
    if (record.intent !== undefined) {
      const { owner, deadline, unresolved } = record.intent;
      const isIdle = owner === request.id || owner === this.#idle;
      if (!isIdle && unresolved !== true && !(await isOrphan(cell, seen, deadline, clock, isAwaited))) return undefined;
      takesOver = !isIdle && unresolved !== true;
      record = withoutOwner(record, !isIdle);
      // The refresh token may have been used up. It is sent again only when the old access token will not do any more.
      if (record.intent !== undefined && request.urgency === "ahead" && risksSession(source, record.tokens)) return record;
    }
    const pause = this.pauses.leftOf(seen);
    const worthWaiting = pause <= timeout && (request.failures > 0 || record.pause?.outcome === "throttled");
    if (pause > 0 && !worthWaiting) throw this.pauses.reason(record);
    // An endpoint that is on hold for longer fails the task.
    const wait = Math.max(pause, queue.heldFor());
    if (wait === 0 || wait > timeout) return queue.run(() => this.#ask(cell, { ...seen, record }, request, takesOver), request);
    await sleep(clock, wait, undefined, isAwaited());
    return undefined;
  }

  /** Runs in the endpoint's queue, so that an intent stands only while its token request is really under way. */
  async #ask(cell: RecordCell, seen: Seen, request: RefreshRequest, takesOver: boolean): Promise<SubjectRecord | undefined> {
    const { clock, source, timeout } = this.#parts;
    const { reason, urgency } = request;
    const started = clock.monotonic();
    const claim = await this.#claim(cell, seen, request, takesOver).catch((error: unknown) => {
      this.#idle = request.id;
      throw error;
    });
    if (claim === undefined) return undefined;
    const keep = (tokens: TokenSet): Promise<SubjectRecord> => this.#keep(cell, claim, tokens, request, started);
    try {
      // The intent's deadline is the request's timeout and half of it again: whoever was held up for longer must not send.
      if (clock.monotonic() - started > timeout / 2) {
        throw new TokenRequestError("not-sent", "The process was held up for too long to send the token request safely.");
      }
      const { tokens: previous } = claim.record;
      const call = { refresh: request, reason, urgency, timeout, late: keep, ...(previous === undefined ? {} : { previous }) };
      const stands = await keep(await callSource(source, clock, call));
      // A race was lost: the winner's token set may be over already, or refused.
      return request.obtained || stands.tokens === undefined || request.accepts(stands) ? stands : undefined;
    } catch (error) {
      return this.#settle(cell, claim, error as TokenflightError, request);
    }
  }

  /**
   * Writes the intent. Over an orphan's it is an announcement at first: the owner may be alive, with the result in its hands, and the store
   * has taken no writes until just now. It tries to write it again several times while this one waits.
   */
  async #claim(cell: RecordCell, seen: Seen, request: RefreshRequest, takesOver: boolean): Promise<Seen | undefined> {
    const { clock, timeout } = this.#parts;
    const claim = await cell.replace(seen, withIntent(seen.record, request.id, timeout * 1.5));
    if (claim === undefined || !takesOver) return claim;
    const isUnchanged = await isOrphan(cell, claim, timeout / 4, clock, () => request.urgency === "blocking");
    return isUnchanged ? claim : undefined;
  }

  /** Writes the result before anyone gets it; a store that is away delays it for the time of one token request at most. */
  async #keep(cell: RecordCell, claim: Seen, tokens: TokenSet, request: RefreshRequest, started: number): Promise<SubjectRecord> {
    const { clock, timeout, observe } = this.#parts;
    const { reason, urgency } = request;
    const duration = clock.monotonic() - started;
    const next = withTokens(claim.record, tokens);
    const done = new AbortController();
    this.#writing += 1;
    const written = writeResult(cell, claim, next, clock, timeout / 8, (error) => {
      observe({ type: "store-trouble", operation: "write", error: error as TokenflightError });
    }).finally(() => {
      this.#writing -= 1;
    });
    const stands = await Promise.race([written, sleep(clock, timeout, done.signal).then(() => next)]);
    done.abort();
    if (stands === next) {
      request.obtained = true;
      observe({ type: "token-obtained", ...tokenFacts(tokens, next.generation), reason, urgency, duration });
    }
    return this.#hold(stands);
  }

  /** Notes in the cell what became of a request that failed, for everybody who shares it. Undefined: it may be repeated. */
  async #settle(cell: RecordCell, claim: Seen, failure: TokenflightError, request: RefreshRequest): Promise<undefined> {
    const { clock, queue, source, observe, timeout } = this.#parts;
    const note = withFailure(claim.record, failure, spends(source, claim.record.tokens), clock);
    let written: Seen | undefined = claim;
    try {
      written = await cell.replace(claim, note);
    } catch (error) {
      this.#unwritten = claim.version;
      observe({ type: "store-trouble", operation: "write", error: error as TokenflightError });
    }
    // Somebody was faster and has a newer token set: the failure is only news about a race that was lost.
    if (written === undefined) return undefined;
    this.#hold(note);
    if (note.pause === undefined) {
      observe({ type: "login-required", error: failure });
      throw failure;
    }
    const { duration } = note.pause;
    this.pauses.begin(note.pause, written.version, failure);
    observe({ type: "refresh-failed", reason: request.reason, error: failure, retryIn: duration });
    if (note.pause.outcome === "throttled") queue.hold(duration);
    request.failures += 1;
    if (!mayRepeat(failure) || duration > timeout || request.failures > repeats) throw failure;
    return undefined;
  }

  /** What the cell holds, or what is held here when that is newer because the store has lost it, or would not take it. */
  async #read(cell: RecordCell): Promise<Seen> {
    const { version, record } = await cell.read();
    const isOlder = record.generation < this.held.generation || (version !== undefined && version === this.#unwritten);
    return { version, record: isOlder ? this.held : record };
  }

  #hold(record: SubjectRecord): SubjectRecord {
    if (record.generation >= this.held.generation) this.held = record;
    return record;
  }
}
