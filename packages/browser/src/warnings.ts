import { guarded, requireFunction } from "@tokenflight/core";

/** What a page is warned of. */
export interface Warning {
  readonly message: string;
  /** What the browser said. */
  readonly cause: unknown;
}

/** What tells of warnings: the option `warn`, whose own errors are ignored, or else the console. Throws InvalidOptionError. */
export function warnWith<Told extends Warning>(warn: (warning: Told) => void = onConsole): (warning: Told) => void {
  requireFunction("warn", warn);
  return guarded(warn);
}

function onConsole({ message, cause }: Warning): void {
  // oxlint-disable-next-line eslint/no-console -- Somebody has to hear of it.
  console.warn(message, cause);
}
