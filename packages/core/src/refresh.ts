import { privateCell, type RecordCell, type Seen } from "./cell.ts";
import { sleep, type Clock } from "./clock.ts";
import type { TokenEndpointQueue } from "./endpoint-queue.ts";
import { LoginRequiredError, StoreError, TokenRequestError, type TokenflightError } from "./errors.ts";
import type { Observer } from "./events.ts";
import { isOrphan } from "./orphan.ts";
import { emptyRecord, type SubjectRecord } from "./record.ts";
import { callSource } from "./source-call.ts";
import type { TokenSet } from "./token-set.ts";
import type { RefreshReason, TokenSource, Urgency } from "./token-source.ts";
import { outcomeOf, withFailure, withIntent, withTokens } from "./transitions.ts";
import { writeResult } from "./write-result.ts";

export interface RefreshRequest {
  /** Unique: names the task in the queue and the intent in the store. */
  readonly id: string;
  readonly reason: RefreshReason;
  /** Becomes "blocking" when somebody begins to wait. */
  urgency: Urgency;
  /** Token requests of this refresh that failed. */
  failures: number;
  /** Whether a token set that somebody else obtained will do. */
  accepts(record: SubjectRecord): boolean;
}

export interface RefreshParts {
  readonly cell: RecordCell;
  readonly source: TokenSource;
  readonly queue: TokenEndpointQueue;
  readonly clock: Clock;
  /** Milliseconds that one token request may take. */
  readonly timeout: number;
  readonly observe: Observer;
}

/** How often one refresh repeats a token request that was not sent, or was throttled for a short time. */
const repeats = 2;

/**
 * The refresh transaction of one subject: read the record, write the intent, ask the source, write the result. At most one token
 * request is sent per generation, across everything that shares the cell; docs/architecture.md tells why each step is there.
 */
export class Refresh {
  /** The newest record known here; written again when the store has lost it. */
  held: SubjectRecord = emptyRecord;
  readonly #parts: RefreshParts;
  #pause: { version: Seen["version"]; until: number; failure: TokenflightError | undefined } | undefined;

  constructor(parts: RefreshParts) {
    this.#parts = parts;
  }

  /** Resolves to the record with a newer token set, or, when a refresh ahead is better put off, to the record as it stands. */
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
        cell = privateCell(this.held);
      }
    }
  }

  /** Writes a record of the next generation over whatever stands: a login, or a logout. */
  async overwrite(tokens: TokenSet | undefined): Promise<SubjectRecord> {
    for (;;) {
      const seen = await this.#read(this.#parts.cell);
      const written = await this.#parts.cell.replace(seen, { generation: seen.record.generation + 1, tokens });
      if (written !== undefined) return this.#hold(written.record);
    }
  }

  /** Somebody began to wait for a refresh that was started ahead. */
  raise(request: RefreshRequest): void {
    if (request.urgency === "blocking") return;
    request.urgency = "blocking";
    this.#parts.queue.raise(request.id);
  }

  /** Milliseconds until the next token request may be sent. */
  pausedFor(): number {
    return Math.max(0, (this.#pause?.until ?? 0) - this.#parts.clock.monotonic());
  }

  /** One time through the transaction. Undefined: the record has changed, or a pause is over; look again. */
  async #attempt(cell: RecordCell, request: RefreshRequest): Promise<SubjectRecord | undefined> {
    const { clock, queue, timeout } = this.#parts;
    const seen = await this.#read(cell);
    const { record } = seen;
    if (record.tokens !== undefined && request.accepts(record)) return this.#adopt(record.tokens, record);
    if (record.loginRequired !== undefined) {
      throw new LoginRequiredError("The session is over: a login is required.", record.loginRequired);
    }
    if (record.intent !== undefined) {
      const ownerIsDone = record.intent.unresolved === true || record.intent.owner === request.id;
      if (!ownerIsDone && !(await isOrphan(cell, seen, record.intent.deadline, clock))) return undefined;
      // The refresh token may have been used up. It is sent again only when the old access token will not do any more.
      if (request.urgency === "ahead" && this.#spends(record)) return record;
    }
    const pause = this.#pauseLeft(seen);
    if (pause > 0) {
      const worthWaiting = pause <= timeout && (request.failures > 0 || record.pause?.outcome === "throttled");
      if (!worthWaiting) throw this.#pause?.failure ?? stillPaused(record, pause);
      await sleep(clock, pause);
      return undefined;
    }
    return queue.run(() => this.#ask(cell, seen, request), request);
  }

  /** Runs in the endpoint's queue, so that an intent stands only while its token request is really under way. */
  async #ask(cell: RecordCell, seen: Seen, request: RefreshRequest): Promise<SubjectRecord | undefined> {
    const { clock, source, timeout } = this.#parts;
    const { reason, urgency } = request;
    const started = clock.monotonic();
    const claim = await cell.replace(seen, withIntent(seen.record, request.id, timeout * 1.5));
    if (claim === undefined) return undefined;
    const keep = (tokens: TokenSet): Promise<SubjectRecord> => this.#keep(cell, claim, tokens, request, started);
    try {
      // The intent's deadline is the request's timeout and half of it again: whoever was held up for longer must not send.
      if (clock.monotonic() - started > timeout / 2) {
        throw new TokenRequestError("not-sent", "The process was held up for too long to send the token request safely.");
      }
      const { tokens: previous } = claim.record;
      const call = { refresh: request, reason, urgency, timeout, late: keep, ...(previous === undefined ? {} : { previous }) };
      return await keep(await callSource(source, clock, call));
    } catch (error) {
      return this.#settle(cell, claim, error as TokenflightError, request);
    }
  }

  /** Writes the result before anyone gets it; a store that is away delays it for the time of one token request at most. */
  async #keep(cell: RecordCell, claim: Seen, tokens: TokenSet, { reason, urgency }: RefreshRequest, started: number): Promise<SubjectRecord> {
    const { clock, timeout, observe } = this.#parts;
    const duration = clock.monotonic() - started;
    const next = withTokens(claim.record, tokens);
    const { generation } = next;
    const done = new AbortController();
    const written = writeResult(cell, claim, next, clock, (error) => {
      observe({ type: "store-trouble", operation: "write", error: error as TokenflightError });
    });
    const stands = await Promise.race([written, sleep(clock, timeout, done.signal).then(() => next)]);
    done.abort();
    if (stands === next) {
      observe({ type: "token-obtained", token: tokens.fingerprint, expiresAt: tokens.expiresAt, generation, reason, urgency, duration });
    }
    return this.#hold(stands);
  }

  /** Notes in the cell what became of a request that failed, for everybody who shares it. Undefined: it may be repeated. */
  async #settle(cell: RecordCell, claim: Seen, failure: TokenflightError, request: RefreshRequest): Promise<undefined> {
    const { clock, queue, observe, timeout } = this.#parts;
    const note = withFailure(claim.record, failure, this.#spends(claim.record), clock.random());
    let written: Seen | undefined = claim;
    try {
      written = await cell.replace(claim, note);
    } catch (error) {
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
    this.#pause = { version: written.version, until: clock.monotonic() + duration, failure };
    observe({ type: "refresh-failed", reason: request.reason, error: failure, retryIn: duration });
    const outcome = outcomeOf(failure);
    if (outcome === "throttled") queue.hold(duration);
    request.failures += 1;
    const mayRepeat = (outcome === "not-sent" || outcome === "throttled") && duration <= timeout && request.failures <= repeats;
    if (!mayRepeat) throw failure;
    return undefined;
  }

  /** What the cell holds, or what is held here when that is newer because the store has lost it. */
  async #read(cell: RecordCell): Promise<Seen> {
    const seen = await cell.read();
    return seen.record.generation < this.held.generation ? { version: seen.version, record: this.held } : seen;
  }

  #adopt({ fingerprint, expiresAt }: TokenSet, record: SubjectRecord): SubjectRecord {
    const { generation } = record;
    if (generation > this.held.generation) this.#parts.observe({ type: "token-adopted", token: fingerprint, expiresAt, generation });
    return record;
  }

  #hold(record: SubjectRecord): SubjectRecord {
    if (record.generation >= this.held.generation) this.held = record;
    return record;
  }

  #pauseLeft({ version, record }: Seen): number {
    if (record.pause === undefined) return 0;
    if (this.#pause?.version !== version) {
      this.#pause = { version, until: this.#parts.clock.monotonic() + record.pause.duration, failure: undefined };
    }
    return this.pausedFor();
  }

  #spends(record: SubjectRecord): boolean {
    return this.#parts.source.spendsRefreshToken !== false && record.tokens?.refreshToken !== undefined;
  }
}

function stillPaused(record: SubjectRecord, retryAfter: number): TokenRequestError {
  const outcome = record.pause?.outcome ?? "unknown";
  return new TokenRequestError(outcome, "The last token request failed, and the time to repeat it has not come.", { retryAfter });
}
