import { sleep, type Clock } from "../clock.ts";
import { InvalidTokenResponseError, LoginRequiredError, TokenflightError, TokenRequestError } from "../errors.ts";
import { createScope } from "./reentrancy.ts";
import { readTokens } from "../tokens/token-response.ts";
import type { TokenSet } from "../tokens/token-set.ts";
import type { SourceContext, TokenSource } from "../tokens/token-source.ts";

/** The refreshes that the running code is part of, innermost first. */
interface Caller {
  readonly refresh: object;
  readonly outer: Caller | undefined;
}

const scope = createScope<Caller>();

/** Whether the running code was called, however indirectly, by the token source of this refresh. */
export function isCalledBy(refresh: object): boolean {
  for (let caller = scope.current(); caller !== undefined; caller = caller.outer) {
    if (caller.refresh === refresh) return true;
  }
  return false;
}

export interface SourceCall extends Omit<SourceContext, "signal"> {
  /** The refresh that asks. */
  readonly refresh: object;
  /** Milliseconds. */
  readonly timeout: number;
  /** Gets a token set that came after the timeout: it may be the only one that still works. */
  readonly late?: (tokens: TokenSet) => void;
}

/** Asks the source once. Resolves to a checked token set or rejects with one of our errors, within the timeout, even if the source never settles. */
export async function callSource(source: TokenSource, clock: Clock, call: SourceCall): Promise<TokenSet> {
  const { refresh, timeout, late, ...context } = call;
  const { previous } = context;
  const deadline = new AbortController();
  const settled = new AbortController();

  const asked = scope.run({ refresh, outer: scope.current() }, async () => source({ ...context, signal: deadline.signal }));
  const tokens = asked.then((given) => readTokens(given, clock.now(), previous));
  const overdue = sleep(clock, timeout, settled.signal).then(() => {
    if (settled.signal.aborted) return undefined;
    const error = new TokenRequestError("unknown", `The token source did not answer within ${timeout} ms.`);
    deadline.abort(error);
    if (late !== undefined) tokens.then(late, () => {});
    throw error;
  });
  try {
    return (await Promise.race([tokens, overdue])) as TokenSet;
  } catch (error) {
    throw asTokenflightError(error);
  } finally {
    settled.abort();
  }
}

/** What the source may say is kept; everything else, errors of ours about something else too, becomes the cause of an unknown outcome. */
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
