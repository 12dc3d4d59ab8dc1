export type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** What was read of a stream: all of it, or so many chunks that it is too long. */
export type Bytes = { readonly all: Uint8Array<ArrayBuffer> } | { readonly first: readonly Uint8Array[] };

/** Reads a stream to its end, or until it is longer than `longest` bytes. Rejects with what the stream rejects with, and with TypeError for what is no bytes. */
export async function readBytesOf(reader: Reader, longest: number): Promise<Bytes> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    if (!ArrayBuffer.isView(next.value)) throw new TypeError("The body has a chunk that is no Uint8Array.");
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

export function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** A character for each byte. */
export function binaryOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** The bytes of a text, or of one that `binaryOf` gave. */
export function bytesOf(text: string, isBinary = false): Uint8Array<ArrayBuffer> {
  return isBinary ? Uint8Array.from(text, (character) => character.charCodeAt(0)) : encode(text);
}

/** Of whichever realm. */
export function isA(body: unknown, name: string): boolean {
  return Object.prototype.toString.call(body) === `[object ${name}]`;
}

export function isBlob(body: unknown): body is Blob {
  return isA(body, "Blob") || isA(body, "File");
}
