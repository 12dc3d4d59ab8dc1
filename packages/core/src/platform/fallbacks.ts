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

/**
 * `crypto.randomUUID`, or as many random bits: pages over http, but for those of this machine, have `getRandomValues` only, and React Native has no `crypto`.
 * What must not be guessed or shared is refused there at construction (`requireWebCrypto`).
 */
export function randomId(): string {
  const { crypto } = globalThis as { crypto?: Partial<Crypto> };
  if (typeof crypto?.randomUUID === "function") return crypto.randomUUID();
  const bytes = new Uint8Array(16);
  if (typeof crypto?.getRandomValues === "function") crypto.getRandomValues(bytes);
  else bytes.forEach((_, index) => (bytes[index] = Math.random() * 256));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether `URL` can say where a URL leads. That of React Native throws at most of its members, in many versions. */
export function hasWholeUrl(): boolean {
  try {
    const { origin, protocol, host, pathname, search, hash, username } = new URL("https://a@b.example:8443/c?d#e");
    return (
      [origin, protocol, host, pathname, search, hash, username].join(" ") === "https://b.example:8443 https: b.example:8443 /c ?d #e a"
    );
  } catch {
    return false;
  }
}
