import { describe, expect, it } from "vitest";
import { SpareBytes } from "../src/request/fetch/spare-bytes.ts";

/** Of one size each: sizes at which memory is shared out, and between them. */
const lengths = [0, 1, 255, 256, 257, 1000, 1024, 1025, 65_536, 1_000_000, 2 ** 20, 2 ** 21, 2 ** 21 + 1];

const filled = (length: number, value: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(value);

describe("a copy for a replay", () => {
  it.each(lengths)("of %i bytes is what they were, although its memory had another one before", (length) => {
    const source = filled(length, 1);
    const first = new SpareBytes(source);
    first.free();
    const second = new SpareBytes(source.fill(2));
    source.fill(3);
    expect(Buffer.from(second.take()).equals(filled(length, 2))).toBe(true);
  });

  it.each(lengths)("of %i bytes is its taker's for good", (length) => {
    const first = new SpareBytes(filled(length, 1));
    const taken = first.take();
    first.free();
    for (const value of [2, 3]) {
      const other = new SpareBytes(filled(length, value));
      expect(other.take().buffer).not.toBe(taken.buffer);
      other.free();
    }
    expect(Buffer.from(taken).equals(filled(length, 1))).toBe(true);
  });

  it.each(lengths)("of %i bytes that was freed twice is not given out twice", (length) => {
    const first = new SpareBytes(filled(length, 1));
    first.free();
    first.free();
    const [one, other] = [new SpareBytes(filled(length, 2)), new SpareBytes(filled(length, 3))];
    expect([Buffer.from(one.take()).equals(filled(length, 2)), Buffer.from(other.take()).equals(filled(length, 3))]).toEqual([true, true]);
  });

  it.each<[string, () => ArrayBufferView | ArrayBuffer]>([
    ["a part of a buffer", () => new Uint8Array(new Uint8Array([0, 97, 98, 99, 100, 0]).buffer, 1, 4)],
    ["a Buffer", () => Buffer.from("abcd")],
    ["a DataView", () => new DataView(new Uint8Array([97, 98, 99, 100]).buffer)],
    ["numbers of two bytes", () => new Uint16Array(new Uint8Array([97, 98, 99, 100]).buffer)],
    ["an ArrayBuffer", () => new Uint8Array([97, 98, 99, 100]).buffer],
  ])("of %s has its bytes and no more", (_, make) => {
    expect(Buffer.from(new SpareBytes(make()).take()).toString()).toBe("abcd");
  });
});
