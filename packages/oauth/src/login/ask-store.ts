import { StoreError, TokenflightError, waitFor } from "@tokenflight/core";
import { within } from "../endpoint/waiting.ts";

/** Milliseconds for one operation of the store. */
const timeout = 2000;

/** An entry as it was read. The value is undefined when it cannot be read. */
export interface SeenEntry {
  /** The version of the entry, by which it can be replaced. */
  readonly version: string;
  /** What stands in it; undefined when that cannot be read. */
  readonly value: string | undefined;
}

/**
 * Asks a store, and ends in time whatever it does.
 *
 * @throws StoreError (`ERR_STORE_*`).
 */
export function askStore<Answer>(operation: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
  return within(timeout, undefined, async (signal) => {
    try {
      return await waitFor(operation(signal), signal);
    } catch (cause) {
      if (isStoreError(cause)) throw cause;
      const message = signal.aborted ? `The store did not answer within ${timeout} ms.` : "The store failed; its error is the cause.";
      throw new StoreError("ERR_STORE_UNAVAILABLE", message, { cause });
    }
  });
}

/**
 * An entry that cannot be read is replaced by its version, if the store told that.
 *
 * @throws StoreError (`ERR_STORE_*`), the one that was given, otherwise.
 */
export function unreadable(error: unknown): SeenEntry {
  const { version } = error as { version?: unknown };
  if (!isStoreError(error) || error.code !== "ERR_STORE_RECORD_INVALID" || typeof version !== "string") throw error;
  return { version, value: undefined };
}

/** Whether it is a store's own error, such as ERR_CLOSED, of whichever copy of core. */
export function isStoreError(error: unknown): error is StoreError {
  return TokenflightError.is(error) && ["ERR_CLOSED", "ERR_STORE_RECORD_INVALID", "ERR_STORE_UNAVAILABLE"].includes(error.code);
}
