/** In bytes. What is longer is copied into memory of its own. */
const longest = 2 ** 21;
/** In bytes, of each size: as much as was needed at one time, or one. */
const mostKept = 2 ** 18;

/** By the binary logarithm of their size, from 256 bytes on. */
const spare: Uint8Array[][] = [];

/**
 * A copy of bytes for a replay, which nearly never comes, in memory that such a copy has had before. New memory for 1 MB takes ten times as long as the
 * copying, because the system clears it page by page. All sizes together keep 7 MB at most.
 */
export class SpareBytes {
  readonly #length: number;
  readonly #size: number;
  #memory: Uint8Array | undefined;

  constructor(bytes: ArrayBufferView | ArrayBuffer) {
    const all = bytes instanceof Uint8Array ? bytes : ArrayBuffer.isView(bytes) ? viewOf(bytes) : new Uint8Array(bytes);
    const { length } = all;
    this.#length = length;
    this.#size = length > 256 ? 32 - Math.clz32(length - 1) : 8;
    if (length > longest) this.#memory = viewOf(all).slice();
    else (this.#memory = spare[this.#size]?.pop() ?? new Uint8Array(2 ** this.#size)).set(all);
  }

  /** The bytes, once. They are the taker's for good. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#memory?.subarray(0, this.#length);
    this.#memory = undefined;
    return bytes as Uint8Array<ArrayBuffer>;
  }

  /** Nobody needs the bytes any more. */
  free(): void {
    const memory = this.#memory;
    this.#memory = undefined;
    if (memory === undefined || this.#length > longest) return;
    const others = (spare[this.#size] ??= []);
    if (others.length === 0 || (others.length + 1) * memory.length <= mostKept) others.push(memory);
  }
}

function viewOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
