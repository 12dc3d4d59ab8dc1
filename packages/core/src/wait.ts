/** Waits for a shared promise for as long as this caller's signal allows. The promise itself goes on, and nobody else notices. */
export function waitFor<Value>(shared: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return shared;
  if (signal.aborted) {
    // Whoever leaves at once leaves no rejection behind that nobody handles.
    shared.catch(() => {});
    return Promise.reject(signal.reason);
  }
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    shared.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
