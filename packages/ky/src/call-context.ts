import { hasOwn, InvalidOptionError } from "@tokenflight/core";
import type { Options } from "ky";

type Call = Pick<Options, "context">;
type Context = Record<string, unknown>;

/** What hooks are called with since ky 2, and a `beforeRetry` hook before it, too. */
interface HookState {
  readonly request: object;
  readonly options: Call;
}

/**
 * The `context` of each call, for a `fetch` function, which ky tells nothing of it: a hook sees each Request together with its options. ky 1 calls a
 * `beforeRequest` hook with them as two arguments and before each retry, ky 2 with one object and once.
 */
export class CallContexts {
  readonly #ofRequests = new WeakMap<object, Context>();

  /** A hook, as `beforeRequest` and as `beforeRetry`. */
  readonly note = (seen: object, options?: Call): void => {
    const { request, options: call } = options === undefined ? (seen as HookState) : { request: seen, options };
    this.#ofRequests.set(request, contextOf(call));
  };

  /** Throws InvalidOptionError where no hook of ours has seen the request. */
  of(input: unknown): Context {
    const context = this.#ofRequests.get(input as object);
    if (context !== undefined) return context;
    const found = "others in their place, or a Request in the place of the one that they saw";
    throw new InvalidOptionError("hooks", "those of bearer(...), which tell a token cache selector the context of a call", found);
  }
}

/** The context of a call. What a call inherits is not its own. */
export function contextOf(call: Call): Context {
  return (hasOwn(call, "context") ? call.context : undefined) ?? {};
}
