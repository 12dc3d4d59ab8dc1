import { StoreError } from "../errors.ts";
import type { Version } from "../store/store.ts";

/**
 * Every limit of the refresh transaction: who may loop, how often, until when. All but `lostWrites` and `repeats` are in milliseconds.
 *
 * | who                                                       | until when                                                                 |
 * | --------------------------------------------------------- | -------------------------------------------------------------------------- |
 * | a refresh, a login or a logout reads the record again     | no other writer is faster; `lostWrites` over one version are a StoreError  |
 * | a refresh sends its token request again                   | `repeats` times, if it was not sent, or the endpoint asked for a pause     |
 * | a refresh waits for such a pause, not for another one     | the end of the pause; one longer than `requestTimeout` fails it at once    |
 * | a refresh waits for the owner of an intent                | the deadline in that intent, `intentTimeout`: then the owner is silent     |
 * | a refresh that has replaced a silent owner's intent waits | `takeoverWait`, in which a living owner writes its result twice at least   |
 * | an owner writes its intent, and then sends                | `sendWithin`; later it does not send, so it is done within `intentTimeout` |
 * | the token source is asked                                 | `requestTimeout`; a token set that comes later is stored all the same      |
 * | callers wait for the write of a result                    | `requestTimeout`; then they get the token set                              |
 * | a result is written, every `writeDelay` at least          | the store has it, or a newer one                                           |
 */
export type RefreshLimits = Readonly<
  Record<"lostWrites" | "repeats" | "requestTimeout" | "intentTimeout" | "sendWithin" | "takeoverWait" | "writeDelay", number>
>;

/** `sendWithin` and `requestTimeout` together are `intentTimeout`, and two `writeDelay`s are `takeoverWait`. */
export function limitsFor(requestTimeout: number): RefreshLimits {
  const [sendWithin, takeoverWait, writeDelay] = [requestTimeout / 2, requestTimeout / 4, requestTimeout / 8];
  return { lostWrites: 100, repeats: 2, requestTimeout, intentTimeout: sendWithin + requestTimeout, sendWithin, takeoverWait, writeDelay };
}

/** Counts the writes that lost although the entry is as it was. Throws StoreError: only a store that is broken refuses so many. */
export function createLossCounter(most: number): (version: Version | undefined) => void {
  let last: Version | undefined | null = null;
  let losses = 0;
  return (version) => {
    losses = version === last ? losses + 1 : 1;
    last = version;
    if (losses >= most) throw new StoreError("ERR_STORE_UNAVAILABLE", "The store refuses every write.");
  };
}
