import { isImmediate } from "../endpoint/immediate-queue.ts";
import { TokenflightError } from "../errors/tokenflight-error.ts";
import { createScope } from "../platform/scope.ts";
import { shared } from "../platform/shared.ts";
import type { Refresh } from "./refresh.ts";

const scope = shared("callers.1", () => createScope<Refresh>());

/** Runs the token source of this refresh. */
export function runAsSourceOf<Result>(refresh: Refresh, work: () => Result): Result {
  return scope.run(refresh, work);
}

/** The refresh whose token source has called the running code, unless it is over: what a source has set off may go on after its answer. */
export function callingRefresh(): Refresh | undefined {
  const refresh = scope.current();
  return refresh?.isOver === true ? undefined : refresh;
}

/** On whose behalf the running code works, for `onBehalfOf`: some clients tell of a response in the context of another request. */
export function currentCaller(): object | undefined {
  return scope.current();
}

/** Does work on behalf of that caller, in whatever context this is called. */
export function onBehalfOf<Result>(caller: object | undefined, work: () => Result): Result {
  return scope.current() === caller ? work() : scope.run(caller as Refresh, work);
}

/** Whether the running code was called by a token source that holds a slot, of whatever queue. It must not wait for another one. */
export function holdsSlot(): boolean {
  return someCaller(({ queue }) => !isImmediate(queue));
}

/** Whether the running code was called by a token source whose token request is in this queue. */
export function isCalledFrom(queue: object): boolean {
  return someCaller((caller) => caller.queue === queue);
}

function someCaller(holds: (caller: Refresh) => boolean): boolean {
  for (let caller = callingRefresh(); caller !== undefined; caller = caller.caller) if (holds(caller)) return true;
  return false;
}

/**
 * The running code begins to wait for this refresh. Returns what tells that it waits no longer, or undefined where no token source has called it. Throws
 * ERR_REENTRANT_REFRESH when it would wait for itself.
 */
export function beginToWait(refresh: Refresh): (() => void) | undefined {
  const caller = callingRefresh();
  if (caller === undefined) return undefined;
  if (wouldWaitForItself(refresh))
    throw new TokenflightError("ERR_REENTRANT_REFRESH", "The token source asked for a token of the cache that it is refreshing.");
  caller.awaited.set(refresh, (caller.awaited.get(refresh) ?? 0) + 1);
  return () => {
    const others = (caller.awaited.get(refresh) ?? 1) - 1;
    if (others > 0) caller.awaited.set(refresh, others);
    else caller.awaited.delete(refresh);
  };
}

/**
 * Whether the running code would wait for itself if it waited for this refresh. Examples: a token source that asks the cache that it is refreshing;
 * A's source that asks for B while B's asks for A, each refresh started by somebody else.
 */
export function wouldWaitForItself(refresh: Refresh): boolean {
  const callers = new Set<Refresh>();
  for (let caller = callingRefresh(); caller !== undefined; caller = caller.caller) callers.add(caller);
  const reached = new Set([refresh]);
  for (const each of reached) {
    if (callers.has(each)) return true;
    for (const awaited of each.awaited.keys()) reached.add(awaited);
  }
  return false;
}
