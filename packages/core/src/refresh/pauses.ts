import type { Seen } from "./cell.ts";
import type { Clock } from "../clock.ts";
import { TokenRequestError, type TokenflightError } from "../errors.ts";
import type { Pause, SubjectRecord } from "./record.ts";

/**
 * How long one subject's next token request has to wait. The wait is measured by this machine's own clock from when the note of the
 * failure was first seen; the note's age, by two machines' wall clocks that may disagree, only makes it shorter.
 */
export class Pauses {
  readonly #clock: Clock;
  #note: Pause | undefined;
  #version: Seen["version"];
  #until = 0;
  #failure: TokenflightError | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A note stands in the cell under this version. `failure` is known to the one who had it. */
  begin(note: Pause, version: Seen["version"], failure?: TokenflightError): void {
    this.#note = note;
    this.#version = version;
    const age = Math.max(0, this.#clock.now() - note.begun);
    this.#until = this.#clock.monotonic() + Math.max(0, note.duration - age);
    this.#failure = failure;
  }

  /** Milliseconds until the next token request may be sent, as far as was seen here. */
  left(): number {
    return Math.max(0, this.#until - this.#clock.monotonic());
  }

  /** The same, by what stands in the cell now. */
  leftOf({ record, version }: Seen): number {
    if (record.pause === undefined) return 0;
    const isNew = record.pause !== this.#note && (this.#note === undefined || version !== this.#version);
    if (isNew) this.begin(record.pause, version);
    return this.left();
  }

  /** Why the next token request has to wait. */
  reason({ pause }: SubjectRecord): TokenflightError {
    if (this.#failure !== undefined) return this.#failure;
    const message = "The last token request failed, and the time to repeat it has not come.";
    return new TokenRequestError(pause?.outcome ?? "unknown", message, { retryAfter: this.left() });
  }
}
