import { InvalidOptionError, kindOf } from "@tokenflight/core";

/** A signal may be left out. Throws InvalidOptionError. */
export function requireSignal(where: string, signal: AbortSignal | undefined): void {
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw new InvalidOptionError(where, "an AbortSignal", kindOf(signal));
}
