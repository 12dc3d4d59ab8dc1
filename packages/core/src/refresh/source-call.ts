import { waitFor, withDeadline, type Clock } from "../clock.ts";
import { InvalidTokenResponseError, LoginRequiredError, TokenflightError, TokenRequestError } from "../errors.ts";
import { ownOnly } from "../own.ts";
import { readTokenSet } from "../tokens/token-response.ts";
import type { TokenSet } from "../tokens/token-set.ts";
import type { SourceContext, TokenSource } from "../tokens/token-source.ts";
import { runAsSourceOf } from "./callers.ts";
import type { Refresh } from "./refresh.ts";

export interface SourceCall extends Omit<SourceContext, "signal"> {
  /** The refresh that asks. */
  readonly refresh: Refresh;
  /** Milliseconds. */
  readonly timeout: number;
  /** Takes a token set that comes after the timeout: it may be the only one that still works. */
  readonly takeLate?: (tokenSet: TokenSet) => void;
}

/** Asks the source once. Settles within the timeout, with a checked token set or one of our errors, even if the source never does. */
export async function callSource(source: TokenSource, clock: Clock, call: SourceCall): Promise<TokenSet> {
  const { refresh, timeout, takeLate = () => {}, ...rest } = ownOnly(call);
  const context = ownOnly(rest);
  const overdue = (): TokenRequestError => new TokenRequestError("unknown", `The token source did not answer within ${timeout} ms.`);
  try {
    const ask = (signal: AbortSignal): Promise<TokenSet> => {
      const answer = runAsSourceOf(refresh, async () => source(ownOnly({ ...context, signal })));
      const tokenSet = answer.then((given) => readTokenSet(given, clock.now(), context.previous));
      signal.addEventListener("abort", () => void tokenSet.then(takeLate, () => {}));
      return waitFor(tokenSet, signal);
    };
    return await withDeadline(clock, timeout, undefined, ask, overdue);
  } catch (error) {
    throw asTokenflightError(error);
  }
}

/** Keeps the errors that a source may throw. Everything else, also an error of ours about something else, becomes the cause of an unknown outcome. */
function asTokenflightError(error: unknown): TokenflightError {
  if (error instanceof TokenRequestError || error instanceof LoginRequiredError || error instanceof InvalidTokenResponseError) return error;
  if (TokenflightError.is(error)) {
    // An error of another copy of this package is recognised by its code and its outcome.
    const { code, message } = error;
    if (code === "ERR_REENTRANT_REFRESH") return error;
    if (code === "ERR_INVALID_TOKEN_RESPONSE") return new InvalidTokenResponseError(message, { cause: error });
    const { outcome, status, error: answer, errorDescription, retryAfter } = error as TokenRequestError;
    const details = { status, error: answer, errorDescription, retryAfter, cause: error };
    if (code === "ERR_LOGIN_REQUIRED") return new LoginRequiredError(message, details);
    if (outcome !== undefined) return new TokenRequestError(outcome, message, details);
  }
  return new TokenRequestError("unknown", "The token source failed; its error is the cause.", { cause: error });
}
