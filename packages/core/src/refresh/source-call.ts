import { withDeadline } from "../clock/deadline.ts";
import { waitFor } from "../clock/waits.ts";
import { InvalidTokenResponseError, LoginRequiredError } from "../errors/refresh-errors.ts";
import { TokenRequestError } from "../errors/token-request-error.ts";
import { TokenflightError } from "../errors/tokenflight-error.ts";
import { ownOnly } from "../platform/own.ts";
import { readTokenSet, type ReadingOptions } from "../tokens/token-response.ts";
import type { TokenSet } from "../tokens/token-set.ts";
import type { SourceContext } from "../tokens/token-source.ts";
import { runAsSourceOf } from "./callers.ts";
import type { Refresh, SubjectParts } from "./refresh.ts";

export interface SourceCall extends Omit<SourceContext, "signal"> {
  /** The refresh that asks. */
  readonly refresh: Refresh;
  /** Milliseconds. */
  readonly timeout: number;
  /** Takes what comes after the timeout: it may hold the only refresh token that still works. */
  readonly takeLate?: (late: TokenSet | TokenflightError) => void;
}

type SourceCallParts = Pick<SubjectParts, "source" | "clock" | "freshness" | "observe">;

/** Asks the source once. Settles within the timeout, with a checked token set or one of our errors, even if the source never does. */
export async function callSource({ source, clock, freshness, observe }: SourceCallParts, call: SourceCall): Promise<TokenSet> {
  const { refresh, timeout, takeLate = () => {}, ...rest } = ownOnly(call);
  const context = ownOnly(rest);
  const overdue = (): TokenRequestError => new TokenRequestError("unknown", `The token source did not answer within ${timeout} ms.`);
  observe({ type: "refresh-started", reason: context.reason, urgency: context.urgency });
  try {
    const ask = (signal: AbortSignal): Promise<TokenSet> => {
      const answer = runAsSourceOf(refresh, async () => source(ownOnly({ ...context, signal })));
      const tokenSet = answer.then((given) =>
        readAndTell({ freshness, observe }, (options) => readTokenSet(given, clock.now(), context.previous, options)),
      );
      signal.addEventListener("abort", () => void tokenSet.then(takeLate, (error: unknown) => takeLate(asTokenflightError(error))));
      return waitFor(tokenSet, signal);
    };
    return await withDeadline(clock, timeout, undefined, ask, overdue);
  } catch (error) {
    throw asTokenflightError(error);
  }
}

/** Reads tokens with the options of this cache, and tells the observer which fields could not be used. Throws what `read` throws. */
export function readAndTell(
  { freshness, observe }: Pick<SubjectParts, "freshness" | "observe">,
  read: (options: ReadingOptions) => TokenSet,
): TokenSet {
  const fields: string[] = [];
  const tokenSet = read({ ignored: (field) => void fields.push(field), jwtExpiry: freshness.jwtExpiry });
  if (fields.length > 0) observe({ type: "fields-ignored", fields });
  return tokenSet;
}

/** Keeps the errors that a source may throw. Everything else, also an error of ours about something else, becomes the cause of an unknown outcome. */
function asTokenflightError(error: unknown): TokenflightError {
  if (error instanceof TokenRequestError || error instanceof LoginRequiredError || error instanceof InvalidTokenResponseError) return error;
  if (TokenflightError.is(error)) {
    // An error of another copy of this package is recognised by its code and its outcome.
    const { code, message } = error;
    if (code === "ERR_REENTRANT_REFRESH") return error;
    const { outcome, status, error: answer, errorDescription, retryAfter, refreshToken } = error as TokenRequestError;
    if (code === "ERR_INVALID_TOKEN_RESPONSE") return new InvalidTokenResponseError(message, { refreshToken, cause: error });
    const details = { status, error: answer, errorDescription, retryAfter, refreshToken, cause: error };
    if (code === "ERR_LOGIN_REQUIRED") return new LoginRequiredError(message, details);
    if (outcome !== undefined) return new TokenRequestError(outcome, message, details);
  }
  return new TokenRequestError("unknown", "The token source failed; its error is the cause.", { cause: error });
}
