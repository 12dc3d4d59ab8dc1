/**
 * Every limit of the refresh transaction: who may loop, how often, until when. All but `rounds` and `repeats` are in milliseconds.
 *
 * | who                                                     | until when                                                                 |
 * | ------------------------------------------------------- | -------------------------------------------------------------------------- |
 * | a refresh, a login or a logout reads the record again   | `rounds` times, then a StoreError: each time another writer was faster     |
 * | a refresh sends a token request again                   | `repeats` times, if it was not sent, or after a short pause                |
 * | a refresh waits for a pause                             | `request`; a longer pause fails it at once                                 |
 * | a refresh waits for the owner of an intent              | the deadline in that intent, which is `intent`; then the owner is silent   |
 * | whoever takes an intent over waits once more            | `takeover`, in which a living owner tries at least twice to write          |
 * | an owner sends its token request                        | `claim` after it began to write its intent; later it is not sent           |
 * | the token source is asked                               | `request`; a token set that comes later is stored all the same             |
 * | callers wait for the write of a result                  | `request`; then they get the token set                                     |
 * | the result is written again, after at most `writeDelay` | the store has it                                                           |
 */
export type RefreshLimits = Readonly<Record<"rounds" | "repeats" | "request" | "intent" | "claim" | "takeover" | "writeDelay", number>>;

/** `request` is the timeout of one token request. */
export function limitsFor(request: number): RefreshLimits {
  return { rounds: 100, repeats: 2, request, intent: request * 1.5, claim: request / 2, takeover: request / 4, writeDelay: request / 8 };
}
