import { waitFor, withDeadline, type Clock } from "../clock.ts";
import { InvalidTokenResponseError, LoginRequiredError, TokenflightError, TokenRequestError } from "../errors.ts";
import { readTokenSet } from "../tokens/token-response.ts";
import type { TokenSet } from "../tokens/token-set.ts";
import type { SourceContext, TokenSource } from "../tokens/token-source.ts";

/** A token source that is running, by its refresh, and the one that has called it. */
interface RunningSource {
  readonly refresh: object;
  readonly caller: RunningSource | undefined;
}

const scope = createScope<RunningSource>();

/** Remembers, for everything that `work` calls, on whose behalf it runs. */
type Scope<Owner> = { run<Result>(owner: Owner, work: () => Result): Result; current(): Owner | undefined };
type AsyncHooks = { AsyncLocalStorage: new <Owner>() => Pick<Scope<Owner>, "run"> & { getStore(): Owner | undefined } };

/** Finds a token source that asks its own cache, and would wait for itself. Without AsyncLocalStorage its deadline ends the wait. */
export function createScope<Owner>(): Scope<Owner> {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): AsyncHooks | undefined } };
  // Core imports nothing of Node's, and looks it up on the running host.
  const hooks = process?.getBuiltinModule?.("node:async_hooks");
  if (hooks === undefined) return { run: (_, work) => work(), current: () => undefined };
  const storage = new hooks.AsyncLocalStorage<Owner>();
  return { run: (owner, work) => storage.run(owner, work), current: () => storage.getStore() };
}

/** Whether the token source of this refresh has called the running code, however indirectly. */
export function isCalledBy(refresh: object): boolean {
  for (let running = scope.current(); running !== undefined; running = running.caller) {
    if (running.refresh === refresh) return true;
  }
  return false;
}

export interface SourceCall extends Omit<SourceContext, "signal"> {
  /** The refresh that asks. */
  readonly refresh: object;
  /** Milliseconds. */
  readonly timeout: number;
  /** Takes a token set that comes after the timeout: it may be the only one that still works. */
  readonly takeLate?: (tokenSet: TokenSet) => void;
}

/** Asks the source once. Settles within the timeout, with a checked token set or one of our errors, even if the source never does. */
export async function callSource(source: TokenSource, clock: Clock, call: SourceCall): Promise<TokenSet> {
  const { refresh, timeout, takeLate = () => {}, ...context } = call;
  const overdue = (): TokenRequestError => new TokenRequestError("unknown", `The token source did not answer within ${timeout} ms.`);
  try {
    const ask = (signal: AbortSignal): Promise<TokenSet> => {
      const answer = scope.run({ refresh, caller: scope.current() }, async () => source({ ...context, signal }));
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
