import { systemClock } from "@tokenflight/core";
import { readBytesOf } from "./bytes.ts";
import { longestBody, readBytes, readForm, readText, type BodyFormat, type RefreshBody } from "./refresh-body.ts";

type Body = RequestInit["body"];
/** "stream": it can be read only once, and was not. Undefined: it is no refresh. */
export type Look = RefreshBody | "stream" | undefined;

/** Milliseconds within which a body is there that does not come from elsewhere. */
const patience = 100;

/** What is in the body of an init. */
export function readInitBody(body: Body, format: BodyFormat): Look | Promise<Look> {
  if (typeof body === "string") return readText(body, format);
  if (typeof body !== "object" || body === null) return undefined;
  if (isA(body, "URLSearchParams") || isA(body, "FormData")) return readForm(body as URLSearchParams | FormData);
  if (ArrayBuffer.isView(body) || isA(body, "ArrayBuffer")) return readBytes(body as ArrayBufferView, format);
  if (isA(body, "Blob") || isA(body, "File")) {
    const blob = body as Blob;
    return blob.size > longestBody ? undefined : blob.arrayBuffer().then((bytes) => readBytes(bytes, format));
  }
  return "getReader" in body || Symbol.asyncIterator in body || "pipe" in body ? "stream" : undefined;
}

/** What is in the body of a Request, which stays unread: a copy is read, if it is there at once. Otherwise it comes from elsewhere, and only once. */
export async function readRequestBody(request: Request, format: BodyFormat, contentType: string | undefined): Promise<Look> {
  const body = request.body as { getReader?: unknown } | null | undefined;
  // A copy of a stream of Node's cannot be read alone.
  if (body !== undefined && typeof body?.getReader !== "function") return "stream";
  const bytes = await readCopy(request.clone());
  if (bytes === "stream" || bytes === undefined) return bytes;
  if (format !== "multipart") return readBytes(bytes, format);
  const form = await new Response(bytes, { headers: { "content-type": contentType ?? "" } }).formData().catch(() => undefined);
  return form && readForm(form, bytes);
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

/** Of whichever realm. */
export function isA(body: unknown, name: string): boolean {
  return Object.prototype.toString.call(body) === `[object ${name}]`;
}
