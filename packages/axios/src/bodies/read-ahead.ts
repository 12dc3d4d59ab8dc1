import { drain, hasOwn, readerOf } from "@tokenflight/core";

type BodyReader = NonNullable<ReturnType<typeof readerOf>>;

/** In bytes: as much as of a refused response's body is read to its end before a replay. */
const mostAhead = 262_144;

type StreamClass = { from(pieces: AsyncIterable<unknown>, options: { objectMode: boolean }): unknown };

/**
 * A stream with the same content, which is read into memory meanwhile, within bounds: a streamed body that nobody reads holds its connection, and the token
 * request may need that. Gives back what is no stream.
 */
export function readAhead(body: unknown): unknown {
  if (isWebStream(body)) {
    const [callers, ours] = body.tee();
    const reader = readerOf(ours);
    if (reader !== undefined) void drain(reader, 0);
    return callers;
  }
  const kind = readableClassOf(body);
  const reader = kind === undefined ? undefined : readerOf(body);
  return kind === undefined || reader === undefined ? body : kind.from(new Ahead(reader), { objectMode: false });
}

function isWebStream(body: unknown): body is ReadableStream<Uint8Array> {
  return typeof body === "object" && body !== null && "getReader" in body && "tee" in body;
}

/** Node's class `Readable`, without an import of Node's. */
function readableClassOf(body: unknown): StreamClass | undefined {
  if (typeof body !== "object" || body === null || !("readableObjectMode" in body) || body.readableObjectMode === true) return undefined;
  for (let kind = Object.getPrototypeOf(body) as object | null; kind !== null; kind = Object.getPrototypeOf(kind) as object | null)
    if (kind.constructor.name === "Readable" && hasOwn(kind.constructor, "from")) return kind.constructor as unknown as StreamClass;
  return undefined;
}

/** The pieces of a body, of which some have been read before they are asked for. */
class Ahead implements AsyncIterableIterator<Uint8Array> {
  readonly #reader: BodyReader;
  readonly #ahead: ReturnType<BodyReader["read"]>[] = [];
  #isAsked = false;

  constructor(reader: BodyReader) {
    this.#reader = reader;
    this.#fill().catch(() => {});
  }

  async #fill(): Promise<void> {
    for (let size = 0; size < mostAhead && !this.#isAsked;) {
      const piece = this.#reader.read();
      this.#ahead.push(piece);
      const { done, value } = await piece;
      if (done) return;
      size += value?.length || 1;
    }
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    this.#isAsked = true;
    return (this.#ahead.shift() ?? this.#reader.read()) as Promise<IteratorResult<Uint8Array>>;
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    await this.#reader.cancel();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
