import { TokenRequestError } from "@tokenflight/core";
import { withNote, type FailureNote } from "@tokenflight/core/single-use";
import { encodeAnswer, type Answer } from "./answer/answer.ts";

/** Milliseconds for which it is remembered that a refresh token is dead. */
const rememberedDead = 10_000;

/** The failure of an answer without tokens, with the answer for all who wait. */
export function failed(endpoint: string, status: number, answer: Answer | undefined): TokenRequestError {
  const isGood = status >= 200 && status < 300;
  // A response that may not be looked at has no status, or 0.
  const isUnknown = !(status >= 200 && status < 500) || (isGood && answer?.kind !== "other");
  const [, seconds] = answer?.headers.find(([name]) => name === "retry-after") ?? [];
  const retryAfter = isUnknown && /^\d{1,6}$/.test(seconds ?? "") ? Number(seconds) * 1000 : undefined;
  const error = new TokenRequestError(isUnknown ? "unknown" : "refused", `The token endpoint ${endpoint} answered ${status}.`, {
    status,
    retryAfter,
  });
  // Whoever comes later asks again, at once: the server has said what is wrong with this request, as it does where it wants a nonce.
  const pause = isUnknown ? undefined : answer?.kind === "dead" ? rememberedDead : 0;
  const note: FailureNote = { text: answer && encodeAnswer(answer), pause };
  return withNote(error, note);
}

/** Codes of errors of Node's and undici's, which say that there was no connection. */
const neverConnected = new Set(["ECONNREFUSED", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "UND_ERR_CONNECT_TIMEOUT"]);

/** The failure of a request without an answer. One that surely was not sent leaves no doubt, and no pause. */
export function unanswered(endpoint: string, cause: unknown): TokenRequestError {
  const inner = (cause as { cause?: unknown } | undefined)?.cause ?? cause;
  const { code } = (inner ?? {}) as { code?: unknown };
  if (typeof code === "string" && neverConnected.has(code))
    return withNote(new TokenRequestError("refused", `The token endpoint ${endpoint} could not be reached (${code}).`, { cause }), {
      pause: 0,
    });
  return new TokenRequestError("unknown", `The refresh at ${endpoint} had no answer; the error of the fetch function is the cause.`, {
    cause,
  });
}
