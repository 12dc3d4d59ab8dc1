import { currentCaller, shared } from "@tokenflight/core";

interface Sending {
  /** Whose refresh it is. */
  readonly by: object;
  readonly endpoint: string;
  readonly refreshToken: string;
}

/** Refresh tokens that are being sent, by the refresh on whose behalf the fetch function beneath is called. */
const sendings = shared("refresh-once.sendings.1", () => new WeakMap<object, Sending>());

/** Notes that the running code is about to send a refresh token. Returns what says that it is over. */
export function noteSending(by: object, endpoint: string, refreshToken: string): () => void {
  const caller = currentCaller();
  if (caller === undefined) return () => {};
  sendings.set(caller, { by, endpoint, refreshToken });
  return () => void sendings.delete(caller);
}

/**
 * Whether the running code was called by the fetch function that another one of these has called to send this very refresh token. Example: one is the global
 * fetch, and a library's own is over it. The inner one would wait for the outer one. Unknown where there is no AsyncLocalStorage.
 */
export function isSentByAnother(by: object, endpoint: string, refreshToken: string): boolean {
  const sending = sendings.get(currentCaller() ?? {});
  return sending !== undefined && sending.by !== by && sending.endpoint === endpoint && sending.refreshToken === refreshToken;
}
