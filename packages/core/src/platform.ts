/*
 * What the platform gives, and what it may do to a program. What a caller leaves out must not come from a polluted `Object.prototype`: options that are checked
 * at construction are read by `readOptions`, and the first two functions are for what is read with each call. The others are there because browsers and pages
 * lack what servers have.
 */

/** A property of its own. */
export function ownOption<Options extends object, Name extends keyof Options>(
  given: Options | undefined,
  name: Name,
): Options[Name] | undefined {
  return given !== undefined && Object.hasOwn(given, name) ? given[name] : undefined;
}

/** Inherited in place of nothing: an object without any prototype takes up three times the room. */
const nothing: object = Object.freeze(Object.create(null));

/** A copy that inherits nothing. */
export function ownOnly<Given extends object>(given: Given): Given {
  return Object.assign(Object.create(nothing) as Given, given);
}

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
