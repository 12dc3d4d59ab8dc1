import { systemClock } from "../../clock/clock.ts";
import { isBuffer } from "../body.ts";
import { readerOf, type BodyReader } from "../drain.ts";
import { requireFunction } from "../../options.ts";
import { shared } from "../../platform/shared.ts";

/** Bytes of a JSON answer that is looked into. */
const longestAnswer = 65_536;
/** Milliseconds for which an answer is waited for. */
const longestWait = 1000;

/** What the responses of clients have in common: those of fetch and ky, of axios (`data`), of got (`body`). */
interface AnyResponse {
  readonly headers?: unknown;
  readonly data?: unknown;
  readonly body?: unknown;
  clone?(): Response;
}

/**
 * A `refused` for APIs that refuse a token in the body of their answer, be its status 200, besides the 401s that refuse it anyway: `test` is given the JSON value of the answer, and the response.
 * Only answers whose Content-Type is JSON are looked into, up to 64 kB (over node-fetch 16 kB) and for a second, in a copy; a stream is never held back. What is not looked into,
 * a Blob of axios's among it, and what makes `test` throw, counts as not refused. undici's dispatcher shows no body: `bearer` of
 * `@tokenflight/undici` refuses it.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * const refused = refusedBy<{ error?: string }>((answer) => answer.error === "token_expired");
 * attachBearer(api, tokens, { refused });
 * ```
 */
export function refusedBy<Answer = unknown>(
  test: (answer: Answer, response: { readonly status?: number }) => boolean,
): (response: object) => boolean | Promise<boolean> {
  requireFunction("refusedBy", test);
  const isRefusal: (answer: Answer, response: { readonly status?: number }) => unknown = test;
  const judge = (answer: unknown, response: object): boolean => {
    try {
      return answer !== undefined && isRefusal(answer as Answer, response) === true;
    } catch {
      return false;
    }
  };
  const refused = (response: AnyResponse): boolean | Promise<boolean> => {
    if (typeof response?.clone === "function")
      return isShortJson(response.headers) && readCopy(response as Response).then((answer) => judge(answer, response));
    // axios and got have read the body, and parsed it where they were asked to.
    return isJson(response?.headers) && judge(parsed("data" in response ? response.data : response.body), response);
  };
  readers.add(refused);
  return refused;
}

const readers = shared("body-readers.1", () => new WeakSet<object>());

/** Whether a predicate looks into bodies, which some clients do not show. */
export function looksIntoBodies(refused: object): boolean {
  return readers.has(refused);
}

function isJson(headers: unknown): boolean {
  return /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(responseField(headers, "content-type") ?? "");
}

function isShortJson(headers: unknown): boolean {
  return isJson(headers) && !(Number(responseField(headers, "content-length")) > longestAnswer);
}

/** A header field of a response, whichever client's: `Headers`, axios's, or a Map or record with names in any spelling. `name` is in lower case. */
export function responseField(headers: unknown, name: string): string | undefined {
  if (typeof headers !== "object" || headers === null) return undefined;
  if (!(headers instanceof Map) && "get" in headers && typeof headers.get === "function") return (headers as Headers).get(name)?.toString();
  const pairs = headers instanceof Map ? [...headers] : Object.entries(headers);
  const field = pairs.find(([other]) => String(other).toLowerCase() === name);
  return field?.[1] === undefined ? undefined : String(field[1]);
}

function parsed(body: unknown): unknown {
  const isBytes = ArrayBuffer.isView(body) || (typeof body === "object" && body !== null && isBuffer(body));
  if (isBytes) return body.byteLength > longestAnswer ? undefined : parsed(new TextDecoder().decode(body));
  if (typeof body !== "string")
    return typeof body === "object" && body !== null && !("pipe" in body || "getReader" in body || "arrayBuffer" in body)
      ? body
      : undefined;
  if (body.length > longestAnswer) return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** The JSON value of a response, which stays unread; undefined for one that is too long, too slow or no JSON. */
async function readCopy(response: Response): Promise<unknown> {
  let cancelTimer = (): void => {};
  let leave = (): unknown => undefined;
  try {
    const { body } = response.clone();
    const reader = readerOf(body);
    if (body === null || reader === undefined) return undefined;
    leave = "getReader" in body ? () => reader.cancel() : () => readOn(reader);
    const longest = longestIn(body);
    if (Number(responseField(response.headers, "content-length")) > longest) return undefined;
    const late = new Promise<void>((resolve) => (cancelTimer = systemClock.schedule(resolve, longestWait)));
    return await Promise.race([readJson(reader, longest), late]);
  } catch {
    return undefined;
  } finally {
    cancelTimer();
    // A copy that nobody reads would hold up the caller's.
    (async () => leave())().catch(() => {});
  }
}

async function readJson(reader: BodyReader, longest: number): Promise<unknown> {
  const decoder = new TextDecoder();
  let text = "";
  for (let size = 0; size <= longest;) {
    const { done, value } = await reader.read();
    if (done) return JSON.parse(text + decoder.decode());
    const bytes = value as Uint8Array;
    size += bytes.byteLength;
    text += decoder.decode(bytes, { stream: true });
  }
  return undefined;
}

/** The end of a Node stream that is a copy: destroyed before the first byte came, it would hold up the other one for ever. */
async function readOn(reader: BodyReader): Promise<void> {
  while (!(await reader.read()).done);
}

/** In bytes. Two copies of a Node stream, as node-fetch makes them, stop where the one that nobody reads is full. */
function longestIn(body: object): number {
  const { readableHighWaterMark } = body as { readonly readableHighWaterMark?: number };
  return Math.min(longestAnswer, readableHighWaterMark ?? longestAnswer);
}
