/*
 * Signals have a reason, and can throw it, since 2022. Where they have none (browsers of 2021, the AbortController of React Native), the reasons of our own
 * signals are kept here, and any other signal has aborted for the reason that they all have by default.
 */

const reasons = new WeakMap<AbortSignal, unknown>();

/** `controller.abort(reason)`: the first reason counts. */
export function abortWith(controller: AbortController, reason: unknown): void {
  if (controller.signal.aborted) return;
  // Whoever listens asks for it at once.
  reasons.set(controller.signal, reason);
  controller.abort(reason);
}

/** Why a signal has aborted. */
export function reasonOf(signal: AbortSignal): unknown {
  const known = signal.reason ?? reasons.get(signal);
  if (known !== undefined) return known;
  const error = new Error("This operation was aborted");
  error.name = "AbortError";
  reasons.set(signal, error);
  return error;
}

/**
 * `signal.throwIfAborted()`, which not every browser has.
 *
 * @throws the signal's reason.
 */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw reasonOf(signal);
}

/** `AbortSignal.any`, which browsers have since 2023. Without it the sources hold their listeners for as long as they live. */
export function anySignal(signals: readonly AbortSignal[]): AbortSignal {
  if (typeof AbortSignal.any === "function") return AbortSignal.any([...signals]);
  const any = new AbortController();
  for (const signal of signals) {
    const abort = (): void => abortWith(any, reasonOf(signal));
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true, signal: any.signal });
  }
  return any.signal;
}
