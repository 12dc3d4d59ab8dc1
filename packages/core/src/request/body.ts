/** What can be iterated any number of times, by its name in every realm and every copy of its class. */
const iteratedAnew = /^\[object (?:Array|FormData|Map|Set|String|URLSearchParams)\]$/;

/**
 * Whether a request body can be sent a second time, byte for byte: text, bytes, blobs, forms, parameters, lists and data can. A stream, an
 * iterator and anything else that is read piece by piece may give its pieces only once, and nothing tells from outside whether it does:
 * `{ [Symbol.asyncIterator]: () => generator }` looks as if it could be read anew, but the replay would have an empty body, which an API
 * may accept. The one rule of all adapters.
 */
export function canSendAgain(body: unknown): boolean {
  if (typeof body !== "object" || body === null || ArrayBuffer.isView(body)) return true;
  if ("pipe" in body || "getReader" in body || Symbol.asyncIterator in body) return false;
  if ("next" in body && typeof body.next === "function") return false;
  return !(Symbol.iterator in body) || iteratedAnew.test(Object.prototype.toString.call(body));
}
