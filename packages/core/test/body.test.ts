import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { canReadAgain } from "../src/request/body.ts";

it.each<[string, unknown]>([
  ["nothing", undefined],
  ["null", null],
  ["text", "text"],
  ["bytes", new Uint8Array(5)],
  ["a buffer", Buffer.from("text")],
  ["a blob", new Blob(["text"])],
  ["a form", new FormData()],
  ["parameters", new URLSearchParams("a=b")],
  ["a list of parts", ["a", "b"]],
  ["an object that can be iterated anew", { [Symbol.asyncIterator]: () => [][Symbol.iterator]() }],
])("%s can be read again", (_, body) => {
  expect(canReadAgain(body)).toBe(true);
});

it.each<[string, unknown]>([
  ["a Node stream", Readable.from(["text"])],
  ["a web stream", new ReadableStream()],
  ["an iterator", ["a"][Symbol.iterator]()],
  ["a generator", (function* parts() {})()],
  ["an asynchronous generator", (async function* parts() {})()],
])("%s cannot", (_, body) => {
  expect(canReadAgain(body)).toBe(false);
});
