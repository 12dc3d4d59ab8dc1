import { encode, isA, readBytesOf, textOf, type Reader } from "../bytes.ts";
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
  /** Undefined for what cannot be read. */
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
  let status = 0;
  let head: ResponseHead | undefined;
  let reader: Reader | undefined;
  try {
    if (Number.isInteger(response.status)) ({ status } = response);
    // Of other statuses, such as that of an opaque response, nothing can be read or made.
    if (status >= 200 && status <= 599 && !response.bodyUsed) {
      const said = headOf(response);
      // Without streams, or with those of Node, it can be read as a whole only.
      if (typeof response.body?.getReader === "function") reader = response.body.getReader();
      head = said;
    }
  } catch {
    // Somebody else reads it, or it does not let itself be read.
  }
  const unread = { status, head: undefined, bytes: undefined, whole: response };
  if (head === undefined) return unread;
  const read = reader === undefined ? await readWhole(response) : await readBytesOf(reader, longest);
  if (read === undefined) return unread;
  if ("first" in read) return { ...unread, head, whole: responseOf(head, streamOf(read.first, reader as Reader)) };
  const { all } = read;
  return { status, head, bytes: all.length > longest ? undefined : all, whole: responseOf(head, all) };
}

/** A fetch function of one's own may leave out what it does not need. */
function headOf({ status, statusText, url, redirected, headers }: Response): ResponseHead {
  return {
    status,
    // A Response takes no other text.
    statusText: typeof statusText === "string" && /^[\t\u{20}-\u{7e}\u{80}-\u{ff}]*$/u.test(statusText) ? statusText : "",
    url: typeof url === "string" ? url : "",
    redirected: (redirected as unknown) === true,
    headers: readHeaders(headers),
  };
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
  // A Response of whatwg-fetch reads bytes as Latin-1. Text brings a type along where there is none.
  const text = body instanceof Uint8Array && headers.has("content-type") ? textOf(body) : undefined;
  const response = new Response(isEmpty ? null : (text ?? body), { status, statusText, headers });
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
