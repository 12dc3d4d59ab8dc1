import { systemClock } from "@tokenflight/core";
import { isA, isBlob, readBytesOf } from "../bytes.ts";
import { longestBody, readBytes, readForm, readText, type RefreshBody } from "./refresh-body.ts";

type Body = RequestInit["body"];
/** "stream": it can be read only once, and was not. Undefined: it is no refresh. */
export type Look = RefreshBody | "stream" | undefined;

/** Milliseconds within which a body is there that does not come from elsewhere. */
const patience = 100;

/** What is in the body of an init. */
export function readInitBody(body: Body, contentType: string): Look | Promise<Look> {
  if (typeof body === "string") return readText(body, contentType);
  if (typeof body !== "object" || body === null) return undefined;
  if (isA(body, "URLSearchParams") || isA(body, "FormData")) return readForm(body as URLSearchParams | FormData);
  if (ArrayBuffer.isView(body) || isA(body, "ArrayBuffer")) return readBytes(body as ArrayBufferView, contentType);
  if (isBlob(body)) return body.size > longestBody ? undefined : body.arrayBuffer().then((bytes) => readBytes(bytes, contentType));
  return "getReader" in body || Symbol.asyncIterator in body || "pipe" in body ? "stream" : undefined;
}

/** What is in the body of a Request, which stays unread: a copy is read, if it is there at once. Otherwise it comes from elsewhere, and only once. */
export async function readRequestBody(request: Request, contentType: string): Promise<Look> {
  const body = request.body as { getReader?: unknown } | null | undefined;
  // A copy of a stream of Node's cannot be read alone.
  if (body !== undefined && typeof body?.getReader !== "function") return "stream";
  const bytes = await readCopy(request.clone());
  return bytes === "stream" || bytes === undefined ? bytes : readBytes(bytes, contentType);
}

async function readCopy(copy: Request): Promise<Uint8Array<ArrayBuffer> | "stream" | undefined> {
  // Firefox has no `body` here.
  if (copy.body === undefined) return new Uint8Array(await copy.arrayBuffer());
  const reader = (copy.body as ReadableStream<Uint8Array>).getReader();
  const leave = (): void => void reader.cancel().catch(() => {});
  let isLate = false;
  const cancelTimer = systemClock.schedule(() => {
    isLate = true;
    leave();
  }, patience);
  try {
    const bytes = await readBytesOf(reader, longestBody);
    if ("all" in bytes) return isLate ? "stream" : bytes.all;
    leave();
    return undefined;
  } finally {
    cancelTimer();
  }
}
