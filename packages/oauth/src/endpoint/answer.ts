import { throwIfAborted, waitFor } from "@tokenflight/core";
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
    if (!isResponse(response)) throw new TypeError("The fetch option did not give a Response of the Fetch standard.");
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
  const header = (name: string): string | undefined => headers.get(name)?.slice(0, maxHeader);
  return { status, header, ...(await readText(response, signal)) };
}

/** Whether a status is that of a redirect. A browser hides a redirect behind status 0. */
export function isRedirect(status: number): boolean {
  return status === 0 || (status >= 300 && status < 400);
}

/** Whether this is a Response, of whatever copy of the class: a fetch from a package has its own. */
function isResponse(given: Partial<Response> | undefined): boolean {
  const { status, headers, body, text } = given ?? {};
  // Without streams, as in React Native, there is no such property.
  const isReadable = body === null || (body === undefined ? typeof text === "function" : typeof body.getReader === "function");
  return typeof status === "number" && typeof headers?.get === "function" && isReadable;
}

type ReadText = Pick<Answer, "text" | "part" | "problem">;

async function readText(response: Response, signal: AbortSignal): Promise<ReadText> {
  const body = response.body as Response["body"] | undefined;
  if (body === null) return { text: "", problem: undefined };
  if (body === undefined) return readWhole(response, signal);
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  let text = "";
  try {
    reader = body.getReader();
    const decoder = new TextDecoder();
    for (let size = 0; ;) {
      const { done, value } = await waitFor(reader.read(), signal);
      if (done) return { text: text + decoder.decode(), problem: undefined };
      // One chunk may be all of a body that is too long.
      text += decoder.decode(value.subarray(0, maxBody - size), { stream: true });
      size += value.byteLength;
      if (size > maxBody) return { text: undefined, part: text, problem: tooLong };
    }
  } catch {
    // The error itself is not kept: a parser's error quotes the bytes that it could not read.
    return { text: undefined, part: text, problem: signal.aborted ? "did not end in time" : "was cut off" };
  } finally {
    reader?.cancel().catch(() => {});
  }
}

/** Where there are no streams the platform has read the answer already, however long it is. */
async function readWhole(response: Response, signal: AbortSignal): Promise<ReadText> {
  try {
    const text = await waitFor(response.text(), signal);
    if (text.length > maxBody) return { text: undefined, part: text.slice(0, maxBody), problem: tooLong };
    return { text, problem: undefined };
  } catch {
    return { text: undefined, problem: signal.aborted ? "did not end in time" : "was cut off" };
  }
}

function discard(body: Response["body"] | undefined): void {
  body?.cancel().catch(() => {});
}
