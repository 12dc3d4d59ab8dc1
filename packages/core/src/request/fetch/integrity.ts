import { networkError } from "./redirect-hops.ts";

const digest = /^(sha(?:256|384|512))-([\w+/-]+)={0,2}(?:\?.*)?$/i;

/**
 * Checks what a chain of redirects ended with against the `integrity` of the request, which a fetch function that is called hop by hop would ask of every
 * redirect. It is read to its end, and stays the caller's to read. Rejects as fetch does. A function over Node's streams has no such check.
 */
export async function checkIntegrity(response: Response, integrity: string): Promise<void> {
  const wanted = integrity.split(/\s+/).flatMap((text) => {
    const [, name, value] = digest.exec(text) ?? [];
    return name === undefined || value === undefined
      ? []
      : [{ name: name.toLowerCase(), value: value.replaceAll("-", "+").replaceAll("_", "/") }];
  });
  // Only the strongest algorithm counts (W3C Subresource Integrity, section 3.3.3).
  const strongest = ["sha512", "sha384", "sha256"].find((name) => wanted.some((one) => one.name === name));
  const body = response?.body;
  if (strongest === undefined || (body != null && !("getReader" in body))) return;
  const bytes = await response.clone().arrayBuffer();
  const hash = new Uint8Array(await crypto.subtle.digest(strongest.replace("sha", "SHA-"), bytes));
  const value = btoa(String.fromCharCode(...hash)).replace(/=+$/, "");
  if (!wanted.some((one) => one.name === strongest && one.value === value)) throw networkError("integrity mismatch");
}
