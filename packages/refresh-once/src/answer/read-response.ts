import { encode, isA, readBytesOf, type Reader } from "../bytes.ts";
import { readHeaders } from "./read-headers.ts";

/** What a response says beside its body. */
export interface ResponseHead {
  readonly status: number;
  readonly statusText: string;
  readonly url: string;
  readonly redirected?: boolean;
  readonly headers: Headers;
}

/** A response of whatever class, read as far as it may be. */
export interface ReadResponse {
  /** 0 where it says none. */
  readonly status: number;
  /** Undefined for what is no response that can be made again. */
  readonly head: ResponseHead | undefined;
  /** The body; undefined where it is longer than what is read, or cannot be read. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
  /** A response with the whole body, for the caller that was answered. */
  readonly whole: Response;
}

/** Bytes that are read at most. */
const longest = 262_144;

/** Reads a response. Rejects with TypeError for what is none, and with what its body rejects with. */
export async function readResponse(response: Response): Promise<ReadResponse> {
  if (typeof response !== "object" || response === null) throw new TypeError("The fetch function gave no Response.");
  const status = statusOf(response);
  // Of other statuses, such as that of an opaque response, nothing can be read or made.
  const head = status >= 200 && status <= 599 ? headOf(response, status) : undefined;
  const reader = head && readerOf(response);
  const unread = { status, head, bytes: undefined, whole: response };
  if (head === undefined || reader === "none") return unread;
  const read = reader === undefined ? await readWhole(response) : await readBytesOf(reader, longest);
  if (read === undefined) return unread;
  if ("first" in read) return { ...unread, whole: responseOf(head, streamOf(read.first, reader as Reader)) };
  const { all } = read;
  return { status, head, bytes: all.length > longest ? undefined : all, whole: responseOf(head, all) };
}

function statusOf(response: Response): number {
  try {
    return Number.isInteger(response.status) ? response.status : 0;
  } catch {
    return 0;
  }
}

/** Undefined where it cannot be read. A fetch function of one's own may leave out what it does not need. */
function headOf(response: Response, status: number): ResponseHead | undefined {
  try {
    const { statusText, url, redirected, headers } = response;
    return {
      status,
      // A Response takes no other text.
      statusText: typeof statusText === "string" && /^[\t\u{20}-\u{7e}\u{80}-\u{ff}]*$/u.test(statusText) ? statusText : "",
      url: typeof url === "string" ? url : "",
      redirected: (redirected as unknown) === true,
      headers: readHeaders(headers),
    };
  } catch {
    return undefined;
  }
}

/** "none": somebody has read it already. Undefined: without streams, or with those of Node, it can be read as a whole only. */
function readerOf(response: Response): Reader | undefined | "none" {
  try {
    const { body, bodyUsed } = response;
    if (bodyUsed) return "none";
    return typeof body?.getReader === "function" ? body.getReader() : undefined;
  } catch {
    return "none";
  }
}

/** The bytes of a body, by the method that gives them as they came, where there is one. Rejects with what that method rejects with. */
async function readWhole(response: Response): Promise<{ readonly all: Uint8Array<ArrayBuffer> } | undefined> {
  const call = async (name: "arrayBuffer" | "text" | "json"): Promise<unknown> =>
    typeof response[name] === "function" ? response[name]() : undefined;
  // React Native has this method and cannot do it, and has no `body`.
  const bytes = response.body ? await call("arrayBuffer") : undefined;
  if (ArrayBuffer.isView(bytes) || isA(bytes, "ArrayBuffer")) return { all: new Uint8Array(bytes as ArrayBuffer) };
  const text = await call("text");
  if (typeof text === "string") return { all: encode(text) };
  const json = await call("json");
  try {
    return json === undefined ? undefined : { all: encode(JSON.stringify(json)) };
  } catch {
    return undefined;
  }
}

/** A response of this platform's with what another one says. */
export function responseOf(
  { status, statusText, headers, url, redirected = false }: ResponseHead,
  body: Uint8Array<ArrayBuffer> | ReadableStream,
): Response {
  const isEmpty = status === 204 || status === 205 || status === 304;
  const response = new Response(isEmpty ? null : body, { status, statusText, headers });
  // What a constructor cannot say.
  const said = { url, redirected };
  for (const [name, value] of Object.entries(said)) Object.defineProperty(response, name, { value, configurable: true });
  return response;
}

/** What was read, and then the rest. */
function streamOf(chunks: readonly Uint8Array[], reader: Reader): ReadableStream<Uint8Array> {
  const first = [...chunks];
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const chunk = first.shift();
      if (chunk !== undefined) return controller.enqueue(chunk);
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
