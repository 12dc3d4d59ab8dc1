/** In bytes. A body of this size is read to its end, which keeps the connection for the replay. A new one would cost about as much. */
const longestBody = 262_144;
/** In milliseconds. A body that takes longer is not worth the wait. */
const timeout = 1000;

/** Bounds the reading of a refused response's body, which nobody wants and whose connection the replay may use. */
export class Drain {
  /** Resolves when the body has ended, or is too long or too slow and was cancelled. */
  readonly over: Promise<void>;
  /** Whether nothing is to be read any more. */
  isOver = false;
  readonly #cancel: () => unknown;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #resolve: () => void = () => {};
  #size = 0;

  /** What `cancel` throws is ignored: the response is thrown away in any case. */
  constructor(cancel: () => unknown) {
    this.over = new Promise((resolve) => (this.#resolve = resolve));
    this.#cancel = cancel;
  }

  /** The body begins. `contentLength` is the value of the header field: a body that is too long is cancelled before its first byte. */
  begin(contentLength: unknown): void {
    this.#timer = setTimeout(() => this.#giveUp(), timeout);
    if (Number(contentLength ?? 0) > longestBody) this.#giveUp();
  }

  /** A piece of the body came. One without a length counts, too: a body of nothing but such pieces would keep the thread busy for ever. */
  count({ length }: { readonly length?: number }): void {
    this.#size += length || 1;
    if (this.#size > longestBody) this.#giveUp();
  }

  /** The body has ended. */
  end(): void {
    clearTimeout(this.#timer);
    this.isOver = true;
    this.#resolve();
  }

  #giveUp(): void {
    if (this.isOver) return;
    this.end();
    (async () => this.#cancel())().catch(() => {});
  }
}

/** A web stream's reader, or what reads another stream in the same form. */
export type BodyReader = { read(): Promise<{ done?: boolean | undefined; value?: { length?: number } | undefined }>; cancel(): unknown };

/** Reads the body of a refused response within the bounds of `Drain`. Never rejects, and ends even if the body never does. */
export async function drain(reader: BodyReader, contentLength: unknown): Promise<void> {
  const body = new Drain(() => reader.cancel());
  const read = async (): Promise<void> => {
    while (!body.isOver) {
      const { done, value } = await reader.read();
      if (done) body.end();
      else body.count(value ?? {});
    }
  };
  body.begin(contentLength);
  read().catch(() => body.end());
  await body.over;
}

/** What reads a streamed body, be it a web stream or one of Node's. Undefined for a body that is no stream. */
export function readerOf(body: unknown): BodyReader | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  if ("getReader" in body) return (body as ReadableStream<Uint8Array>).getReader();
  if (!("destroy" in body && Symbol.asyncIterator in body)) return undefined;
  const stream = body as AsyncIterable<Uint8Array> & { destroy(): void };
  const pieces = stream[Symbol.asyncIterator]();
  return { read: () => pieces.next(), cancel: () => stream.destroy() };
}
