import { ownOnly } from "../platform/own.ts";

/** What a token source adds to the failure that it throws, for all who wait for its answer, in whichever process. */
export interface FailureNote {
  /** Is stored beside the pause, until a token set comes or another failure. No two failures have the same. */
  readonly text?: string | undefined;
  /** Milliseconds until the source may be asked again, in place of what follows from the outcome. */
  readonly pause?: number | undefined;
}

/** Not in the errors, because those are logged, and a note may hold secrets. */
const notes = new WeakMap<object, FailureNote>();

/** Notes on a failure what all who wait for it are to be told. Gives the failure back. */
export function withNote<Failure extends object>(failure: Failure, note: FailureNote): Failure {
  notes.set(failure, ownOnly(note));
  return failure;
}

/** The note that `withNote` has put on a failure; undefined when there is none. */
export function noteOf(failure: unknown): FailureNote | undefined {
  return typeof failure === "object" && failure !== null ? notes.get(failure) : undefined;
}
