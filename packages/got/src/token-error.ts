import { TokenflightError } from "@tokenflight/core";

/**
 * got retries an error by its code, as if it came from the network. Ours have codes of their own; one from a function of the caller's may
 * say ECONNRESET, and is no reason to send the request again, so it becomes a cause.
 */
export function tokenError(error: unknown): Error {
  return TokenflightError.is(error) ? error : new Error("The request was not sent, because getting its token failed.", { cause: error });
}
