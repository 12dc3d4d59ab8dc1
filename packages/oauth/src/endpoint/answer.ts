import { responseField, throwIfAborted, waitFor } from "@tokenflight/core";
import type { FetchFunction } from "../client-parts.ts";

/** An HTTP answer that has been read, as far as it may be. */
export interface Answer {
  readonly status: number;
  /** A header field's value, at most 4 KB of it. */
  header(name: string): string | undefined;
  /** Undefined when the body could not be read to its end; `problem` then says why. */
  readonly text: string | undefined;
  /** What came of a body that could not be read to its end. */
  readonly part?: string | undefined;
  /** Completes the sentence "The body ...". */
  readonly problem: string | undefined;
}

/** Bytes, counted after decompression. Token answers are a few KB; a hostile or broken server may send without end. */
const maxBody = 262_144;
const tooLong = `is longer than ${maxBody / 1024} KB`;
/** Characters. */
const maxHeader = 4096;

/** Fetches for as long as the signal allows, even with a fetch that ignores its signal. Rejects with the signal's reason. */
export async function fetchUntil(fetch: FetchFunction, url: string, init: RequestInit, signal: AbortSignal): Promise<Response> {
  throwIfAborted(signal);
  // What it lacks is missing, whatever may have been written to Object.prototype.
  const fetched = Promise.resolve(fetch(url, Object.assign<object, RequestInit>(Object.create(null), { ...init, signal })));
  try {
    const response = await waitFor(fetched, signal);
    const lack = lacking(response);
    if (lack !== undefined) throw new TypeError(`The fetch option did not give a Response of the Fetch standard. ${lack}`);
    return response;
  } catch (error) {
    if (signal.aborted) fetched.then((late) => discard(late.body)).catch(() => {});
    throw error;
  }
}

/**
 * Reads an answer to its end, to the longest body that is read, or until the signal aborts, and releases the connection. A body that cannot
 * be read is no error here, because the status still counts.
 */
export async function readAnswer(response: Response, signal: AbortSignal): Promise<Answer> {
  const { status, headers } = response;
  const header = (name: string): string | undefined => responseField(headers, name)?.slice(0, maxHeader);
  return { status, header, ...(await readText(response, signal)) };
}

/** Whether a status is that of a redirect. A browser hides a redirect behind status 0. */
export function isRedirect(status: number): boolean {
  return status === 0 || (status >= 300 && status < 400);
}

/**
 * What a response of whatever fetch lacks, for a message: a fetch from a package has a class of its own, and a program's own fetch may give a plain object.
 * It needs a status, and one way to its body.
 */
function lacking(given: Partial<Response> | undefined): string | undefined {
  if (typeof given !== "object" || given === null) return "It gave no object.";
  if (typeof given.status !== "number") return "It has no `status` that is a number.";
  const { body } = given;
  const isReadable = body === null || isWebStream(body) || isIterable(body) || ways.some((way) => typeof given[way] === "function");
  return isReadable
    ? undefined
    : "Its body cannot be read: `body` is no stream, and it has neither `text()` nor `arrayBuffer()` nor `json()`.";
}

type ReadText = Pick<Answer, "text" | "part" | "problem">;

async function readText(response: Response, signal: AbortSignal): Promise<ReadText> {
  const body: unknown = response.body;
  if (wasRead(response, body)) return { text: undefined, problem: readAlready };
  if (isWebStream(body)) {
    const reader = body.getReader();
    return readChunks(
      () => reader.read(),
      () => void reader.cancel().catch(() => {}),
      signal,
    );
  }
  if (isIterable(body)) {
    const chunks = body[Symbol.asyncIterator]();
    return readChunks(
      () => chunks.next(),
      () => destroy(body),
      signal,
    );
  }
  return readWhole(response, signal);
}

/** Reads the chunks of a stream, a web stream's or one of Node's, and lets go of it. */
async function readChunks(
  next: () => Promise<{ readonly done?: boolean | undefined; readonly value?: unknown }>,
  letGo: () => void,
  signal: AbortSignal,
): Promise<ReadText> {
  let text = "";
  try {
    const decoder = new TextDecoder();
    for (let size = 0; ;) {
      const { done = false, value } = await waitFor(next(), signal);
      if (done) return { text: text + decoder.decode(), problem: undefined };
      const chunk = typeof value === "string" ? new TextEncoder().encode(value) : value;
      if (!ArrayBuffer.isView(chunk)) return { text: undefined, part: text, problem: "has a chunk that is no Uint8Array" };
      // One chunk may be all of a body that is too long.
      const fitting = new Uint8Array(chunk.buffer, chunk.byteOffset, Math.min(chunk.byteLength, maxBody - size));
      text += decoder.decode(fitting, { stream: true });
      size += chunk.byteLength;
      if (size > maxBody) return { text: undefined, part: text, problem: tooLong };
    }
  } catch {
    // The error itself is not kept: a parser's error quotes the bytes that it could not read.
    return { text: undefined, part: text, problem: signal.aborted ? "did not end in time" : "was cut off" };
  } finally {
    letGo();
  }
}

/** By these a body is read that is no stream, the first one that is there. */
const ways = ["text", "arrayBuffer", "json"] as const;

/** Where there are no streams the answer has been read already, however long it is. */
async function readWhole(response: Response, signal: AbortSignal): Promise<ReadText> {
  const way = ways.find((one) => typeof response[one] === "function");
  if (way === undefined) return { text: "", problem: undefined };
  try {
    const given: unknown = await waitFor(response[way](), signal);
    const text = way === "text" ? String(given) : way === "json" ? JSON.stringify(given) : new TextDecoder().decode(given as ArrayBuffer);
    if (text.length > maxBody) return { text: undefined, part: text.slice(0, maxBody), problem: tooLong };
    return { text, problem: undefined };
  } catch {
    return { text: undefined, problem: signal.aborted ? "did not end in time" : "was cut off" };
  }
}

const readAlready = "has been read already: each call of the fetch option has to give a response of its own";

/** Whether somebody has read the body, as that of a mock which gives the same response twice. */
function wasRead({ bodyUsed }: Response, body: unknown): boolean {
  const { locked, readableEnded, destroyed } = (body ?? {}) as Record<string, unknown>;
  return [bodyUsed, locked, readableEnded, destroyed].includes(true);
}

function isWebStream(body: unknown): body is ReadableStream<unknown> {
  return typeof (body as Partial<ReadableStream> | null | undefined)?.getReader === "function";
}

/** A stream of Node's, as node-fetch gives it. */
function isIterable(body: unknown): body is AsyncIterable<unknown> {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}

/** Closes a stream of Node's: its iterator would wait for the next chunk first. */
function destroy(body: object): void {
  if ("destroy" in body && typeof body.destroy === "function") body.destroy();
}

function discard(body: unknown): void {
  if (isWebStream(body)) body.cancel().catch(() => {});
  else if (isIterable(body)) destroy(body);
}
