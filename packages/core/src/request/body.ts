/**
 * Whether a request body can be read a second time from the beginning. Node streams, web streams and iterators are used up by being
 * sent; strings, buffers, blobs, forms and objects that can be iterated anew are not.
 */
export function canReadAgain(body: unknown): boolean {
  if (typeof body !== "object" || body === null) return true;
  return !(body instanceof ReadableStream || "pipe" in body || ("next" in body && typeof body.next === "function"));
}
