import type { Clock } from "../clock/clock.ts";
import { TokenRequestError } from "../errors/token-request-error.ts";
import type { TokenflightError } from "../errors/tokenflight-error.ts";
import type { VersionedRecord } from "./cell.ts";
import { withNote } from "../record/failure-note.ts";
import type { Pause, SubjectRecord } from "../record/record.ts";

/**
 * The pause of one subject after a failed token request. It is measured by this machine's own clock, from the moment when the note of the
 * failure was first seen. The age of the note compares the wall clocks of two machines, which may disagree, so it only makes the pause shorter, as
 * a wall clock that is set forwards does.
 */
export class SubjectPause {
  readonly #clock: Clock;
  #note: Pause | undefined;
  #version: VersionedRecord["version"];
  #until = 0;
  #failure: TokenflightError | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The cell holds this note, under this version of the entry. Only the process that failed knows the `failure` itself. */
  begin(note: Pause, version: VersionedRecord["version"], failure?: TokenflightError): void {
    this.#note = note;
    this.#version = version;
    this.#until = this.#clock.monotonic() + note.duration;
    this.#failure = failure;
  }

  /** Milliseconds until the next token request may be sent, as far as this process has seen. */
  left(): number {
    const { begun = 0, duration = 0 } = this.#note ?? {};
    return Math.max(0, Math.min(this.#until - this.#clock.monotonic(), begun + duration - this.#clock.now()));
  }

  /** The same after a look at the record. */
  leftIn({ record, version }: VersionedRecord): number {
    if (record.pause === undefined) return 0;
    const isNew = record.pause !== this.#note && (this.#note === undefined || version !== this.#version);
    if (isNew) this.begin(record.pause, version);
    return this.left();
  }

  /** Why the next token request has to wait. */
  reason({ pause }: SubjectRecord): TokenflightError {
    if (this.#failure !== undefined) return this.#failure;
    const message = "The last token request failed, and its pause is not over.";
    const failure = new TokenRequestError(pause?.outcome ?? "unknown", message, { retryAfter: this.left() });
    return pause?.note === undefined ? failure : withNote(failure, { text: pause.note });
  }
}
