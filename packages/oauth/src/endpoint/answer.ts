import { within } from "./deadline.ts";

/** What carries the requests; `globalThis.fetch` fits. `init.body` is a string. */
export type FetchFunction = (url: string, init: RequestInit) => Promise<Response>;

/** An HTTP answer that has been read, as far as it may be. */
export interface Answer {
  readonly status: number;
  /** A header field's value, at most 4 KB of it. */
  header(name: string): string | undefined;
  /** Undefined when the body could not be read to its end; `trouble` then says why. */
  readonly text: string | undefined;
  /** Completes the sentence "The body ...". */
  readonly trouble: string | undefined;
}

/** Bytes, counted after decompression. Token answers are a few KB; a hostile or broken server may send for ever. */
const longestBody = 262_144;
/** Characters. */
const longestHeader = 4096;

/** Fetches for as long as the signal allows, even with a fetch that does not look at its signal. Rejects with the signal's reason. */
export async function fetchWithin(fetch: FetchFunction, url: string, init: RequestInit, signal: AbortSignal): Promise<Response> {
  signal.throwIfAborted();
  const fetched = Promise.resolve(fetch(url, { ...init, signal }));
  try {
    const response = await within(signal, fetched);
    if (!isResponse(response)) throw new TypeError("The fetch option did not give a Response of the Fetch standard.");
    return response;
  } catch (error) {
    if (signal.aborted) fetched.then((late) => discard(late.body)).catch(() => {});
    throw error;
  }
}

/**
 * Reads an answer to its end, to the cap or to the abort of the signal, and lets go of the connection. What goes wrong is no error here:
 * the status is worth keeping.
 */
export async function readAnswer(response: Response, signal: AbortSignal): Promise<Answer> {
  const { status, headers, body } = response;
  const header = (name: string): string | undefined => headers.get(name)?.slice(0, longestHeader);
  if (isRedirect(status)) {
    discard(body);
    return { status, header, text: undefined, trouble: "of a redirect was not read" };
  }
  return { status, header, ...(await readText(body, signal)) };
}

/** Of whatever copy of the class: a fetch from a package has its own. */
function isResponse(given: Partial<Response> | undefined): boolean {
  const { status, headers, body } = given ?? {};
  return typeof status === "number" && typeof headers?.get === "function" && (body === null || typeof body?.getReader === "function");
}

/** A browser hides a redirect behind status 0. */
export function isRedirect(status: number): boolean {
  return status === 0 || (status >= 300 && status < 400);
}

async function readText(body: Response["body"], signal: AbortSignal): Promise<Pick<Answer, "text" | "trouble">> {
  if (body === null) return { text: "", trouble: undefined };
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  try {
    reader = body.getReader();
    const decoder = new TextDecoder();
    let text = "";
    for (let size = 0; ;) {
      const { done, value } = await within(signal, reader.read());
      if (done) return { text: text + decoder.decode(), trouble: undefined };
      size += value.byteLength;
      if (size > longestBody) return { text: undefined, trouble: `is longer than ${longestBody / 1024} KB` };
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // What broke it is not kept: a parser's error quotes the bytes that it could not read.
    return { text: undefined, trouble: signal.aborted ? "did not end in time" : "was cut off" };
  } finally {
    reader?.cancel().catch(() => {});
  }
}

function discard(body: Response["body"]): void {
  body?.cancel().catch(() => {});
}
