import { readBytesOf, textOf, type Reader } from "../bytes.ts";

/** A response of whatever class, read as far as it may be. */
export interface ReadResponse {
  readonly response: Response;
  /** The body; undefined where it is longer than what is read, or no UTF-8. */
  readonly text: string | undefined;
  /** A response with the whole body, for the caller that was answered. */
  readonly whole: Response;
}

/** Bytes that are read at most. */
const longest = 262_144;

/** Reads a response. Rejects with TypeError for what is no response, and with what its body rejects with. */
export async function readResponse(response: Response): Promise<ReadResponse> {
  if (typeof response?.status !== "number" || typeof response.headers?.get !== "function")
    throw new TypeError("The fetch function gave no Response.");
  if (!isConstructible(response.status)) return { response, text: undefined, whole: response };
  const { body } = response as { body: ReadableStream<Uint8Array> | null | undefined };
  if (body !== null && typeof body?.getReader !== "function") {
    // Without streams, or with those of Node, it can be read as a whole only.
    const text = await response.text();
    return { response, text: text.length > longest ? undefined : text, whole: responseOf(response, text) };
  }
  if (body === null) return { response, text: "", whole: responseOf(response, "") };
  const reader = body.getReader();
  const bytes = await readBytesOf(reader, longest);
  if ("all" in bytes) return { response, text: textOf(bytes.all), whole: responseOf(response, bytes.all) };
  return { response, text: undefined, whole: responseOf(response, streamOf(bytes.first, reader)) };
}

/** Of other statuses, such as that of an opaque response, nothing can be read or made. */
function isConstructible(status: number): boolean {
  return status >= 200 && status <= 599;
}

/** A response of this platform's with what another one says. */
export function responseOf(
  {
    status,
    statusText,
    headers,
    url,
    redirected,
  }: Pick<Response, "status" | "statusText" | "url"> & {
    readonly headers: Iterable<readonly [string, string]> | Headers;
    readonly redirected?: boolean;
  },
  body: string | Uint8Array<ArrayBuffer> | ReadableStream,
): Response {
  const isEmpty = status === 204 || status === 205 || status === 304;
  const response = new Response(isEmpty ? null : body, {
    status,
    statusText,
    headers: new Headers([...headers].map(([name, value]) => [name, value])),
  });
  // What a constructor cannot say.
  const said = { url, redirected: redirected === true };
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
