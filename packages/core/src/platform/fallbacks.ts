/* What browsers and pages may lack that servers have. */

/** `URL.parse`, which Safari has since version 18. */
export function parseUrl(url: string, base?: string): URL | null {
  if (typeof URL.parse === "function") return URL.parse(url, base);
  try {
    return new URL(url, base);
  } catch {
    return null;
  }
}

/** `AbortSignal.any`, which Safari has since version 17.4. Without it the sources hold their listeners for as long as they live. */
export function anySignal(signals: readonly AbortSignal[]): AbortSignal {
  if (typeof AbortSignal.any === "function") return AbortSignal.any([...signals]);
  const any = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) any.abort(signal.reason);
    signal.addEventListener("abort", () => any.abort(signal.reason), { once: true, signal: any.signal });
  }
  return any.signal;
}

/** `crypto.randomUUID`, or as many random bits: http pages, but for those of this machine, have `getRandomValues` only. */
export function randomId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
