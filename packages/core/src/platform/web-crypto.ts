/**
 * A CryptoKey of the Web Cryptography API, in a type of our own: the DOM library has one of that name and Node's types have another, so that neither can stand in
 * declarations that are read by programs without it.
 */
export interface WebCryptoKey {
  readonly type: string;
  readonly extractable: boolean;
  readonly algorithm: { readonly name: string };
  readonly usages: readonly string[];
}

/** Whether this platform has `crypto.subtle`. Pages over plain http have not, but for those of this machine; nor has jsdom under Jest, nor React Native. */
export function hasWebCrypto(): boolean {
  const { crypto } = globalThis as { crypto?: { subtle?: unknown } };
  return typeof crypto === "object" && crypto !== null && typeof crypto.subtle === "object" && crypto.subtle !== null;
}
