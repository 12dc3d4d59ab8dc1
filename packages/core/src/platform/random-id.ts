/** In bytes: as many as a UUID has. */
const length = 16;

/**
 * `crypto.randomUUID`, or as many random bits: pages over http, but for those of this machine, have `getRandomValues` only, and React Native has no `crypto`.
 * What must not be guessed or shared is refused there at construction (`requireWebCrypto`).
 */
export function randomId(): string {
  const { crypto } = globalThis as { crypto?: Partial<Crypto> };
  if (typeof crypto?.randomUUID === "function") return crypto.randomUUID();
  const bytes = new Uint8Array(length);
  if (typeof crypto?.getRandomValues === "function") crypto.getRandomValues(bytes);
  else bytes.forEach((_, index) => (bytes[index] = Math.random() * 256));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
