import { longestLateness } from "../clock/clock.ts";

/**
 * Every limit of the refresh transaction: who may loop, how often, until when. All but `rounds` and `repeats` are in milliseconds.
 *
 * | who                                                       | until when                                                                 |
 * | --------------------------------------------------------- | -------------------------------------------------------------------------- |
 * | a refresh, a login or a logout reads the record again     | no other writer is faster, with pauses that grow; `rounds` are a StoreError |
 * | a refresh sends its token request again                   | `repeats` times, if it was not sent, or the endpoint asked for a pause     |
 * | a refresh waits for such a pause, not for another one     | the end of the pause; one longer than `requestTimeout` fails it at once    |
 * | a refresh waits for the owner of an intent                | the deadline in that intent, `intentTimeout`: then the owner is silent     |
 * | the same, when asking twice uses nothing up               | `harmlessWait`                                                             |
 * | a refresh that has replaced a silent owner's intent waits | `takeoverWait`, in which a living owner writes its result twice at least   |
 * | an owner writes its intent, and then sends                | `sendWithin`; later it does not send, so it is done within `intentTimeout` |
 * | the token source is asked                                 | `requestTimeout`; a token set that comes later is stored all the same      |
 * | callers wait for the write of a result                    | `requestTimeout`; then they get the token set                              |
 * | a result is written, every `writeDelay` at least          | the store has it, or a newer one, or is closed                             |
 * | a task holds a slot of the queue                          | `slotTimeout`; then the slot is somebody else's                            |
 * | a refresh shows no sign of life                           | `longestStep`, with three operations of the store; then it may be dropped  |
 */
export type RefreshLimits = Readonly<
  Record<
    | "rounds"
    | "repeats"
    | "requestTimeout"
    | "intentTimeout"
    | "harmlessWait"
    | "sendWithin"
    | "takeoverWait"
    | "writeDelay"
    | "slotTimeout"
    | "longestStep",
    number
  >
>;

/** `sendWithin` and `requestTimeout` together are `intentTimeout`, and two `writeDelay`s are `takeoverWait`. */
export function limitsFor(requestTimeout: number, storeTimeout: number): RefreshLimits {
  const [sendWithin, takeoverWait, writeDelay] = [requestTimeout / 2, requestTimeout / 4, requestTimeout / 8];
  const intentTimeout = sendWithin + requestTimeout;
  const harmlessWait = Math.min(1000, intentTimeout);
  const slotTimeout = takeoverWait + intentTimeout + requestTimeout;
  const longestStep = requestTimeout + 3 * storeTimeout + longestLateness;
  return {
    rounds: 30,
    repeats: 2,
    requestTimeout,
    intentTimeout,
    harmlessWait,
    sendWithin,
    takeoverWait,
    writeDelay,
    slotTimeout,
    longestStep,
  };
}
