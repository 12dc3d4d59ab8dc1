/** Lifetimes are told to clients as `expires_in`, which is an integer (RFC 6749 section 5.1). Throws RangeError. */
export function requireWholeSeconds(name: string, seconds: number): void {
  if (!Number.isSafeInteger(seconds) || seconds < 1) throw new RangeError(`${name}: expected whole seconds from 1, got ${seconds}.`);
}
