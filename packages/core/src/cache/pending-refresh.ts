import { longestLateness, scheduleEnd, waitFor } from "../clock.ts";
import { TokenflightError } from "../errors.ts";
import { callingRefresh, wouldWaitForItself } from "../refresh/callers.ts";
import type { Refresh, SubjectParts } from "../refresh/refresh.ts";
import type { TokenSet } from "../tokens/token-set.ts";

/** A refresh under way, and the promise that all who wait for it share. */
export interface PendingRefresh {
  readonly refresh: Refresh;
  readonly tokenSet: Promise<TokenSet>;
}

/**
 * Waits for a refresh, and keeps the process alive meanwhile. Resolves to undefined when the refresh is silent: in a runtime that drops whatever belongs
 * to a request that has ended (workerd), it may be nobody's any more. Rejects with ERR_REENTRANT_REFRESH when it would wait for itself.
 *
 * Each caller has a timer of its own, because one of the request that started the refresh would be dropped with it.
 */
export async function waitForRefresh(
  { refresh, tokenSet }: PendingRefresh,
  { clock, limits }: SubjectParts,
  signal: AbortSignal | undefined,
  waitsOn: () => void,
): Promise<TokenSet | undefined> {
  if (wouldWaitForItself(refresh))
    throw new TokenflightError("ERR_REENTRANT_REFRESH", "The token source asked for a token of the cache that it is refreshing.");
  const caller = callingRefresh();
  caller?.awaited.set(refresh, (caller.awaited.get(refresh) ?? 0) + 1);
  let cancel = (): void => {};
  const silence = new Promise<undefined>((resolve) => {
    const check = (): void => {
      waitsOn();
      if (clock.monotonic() >= refresh.silentAfter) resolve(undefined);
      else watch();
    };
    // A process that was stopped finds every refresh silent at first.
    const watch = (): void => {
      cancel = scheduleEnd(clock, check, Math.min(longestLateness, limits.requestTimeout), true);
    };
    watch();
  });
  try {
    return await Promise.race([waitFor(tokenSet, signal), silence]);
  } finally {
    cancel();
    const others = (caller?.awaited.get(refresh) ?? 1) - 1;
    if (others > 0) caller?.awaited.set(refresh, others);
    else caller?.awaited.delete(refresh);
  }
}
