export type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** What was read of a stream: all of it, or so many chunks that it is too long. */
export type Bytes = { readonly all: Uint8Array<ArrayBuffer> } | { readonly first: readonly Uint8Array[] };

/** Reads a stream to its end, or until it is longer than `longest` bytes. Rejects with what the stream rejects with. */
export async function readBytesOf(reader: Reader, longest: number): Promise<Bytes> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    chunks.push(next.value);
    size += next.value.byteLength;
    if (size > longest) return { first: chunks };
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return { all };
}

/** Undefined for bytes that are no UTF-8. A byte order mark stays, so that the text gives the same bytes. */
export function textOf(bytes: ArrayBuffer | ArrayBufferView): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
