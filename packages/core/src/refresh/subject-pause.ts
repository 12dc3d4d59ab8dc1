import type { Clock } from "../clock.ts";
import { TokenRequestError, type TokenflightError, type TokenRequestOutcome } from "../errors.ts";
import type { VersionedRecord } from "./cell.ts";
import type { Pause, SubjectRecord } from "./record.ts";

/** First pause, growth and longest pause after each outcome, in milliseconds. */
const steps: Record<TokenRequestOutcome, { first: number; factor: number; longest: number }> = {
  "not-sent": { first: 100, factor: 4, longest: 60_000 },
  throttled: { first: 1000, factor: 2, longest: 300_000 },
  unknown: { first: 1000, factor: 2, longest: 60_000 },
  refused: { first: 1000, factor: 2, longest: 300_000 },
};

const longestRetryAfter = 3_600_000;

/** Milliseconds of pause after so many failures in a row. Chance adds up to a tenth, so that a fleet does not come back in one moment. */
export function pauseAfter(outcome: TokenRequestOutcome, failures: number, retryAfter: number | undefined, random: number): number {
  const { first, factor, longest } = steps[outcome];
  const grown = Math.min(first * factor ** (failures - 1), longest);
  const asked = retryAfter !== undefined && retryAfter > 0 ? Math.min(retryAfter, longestRetryAfter) : 0;
  return Math.max(grown, asked) * (1 + 0.1 * random);
}

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
    return new TokenRequestError(pause?.outcome ?? "unknown", message, { retryAfter: this.left() });
  }
}
