import { Readable, Writable } from "node:stream";
import { runInNewContext } from "node:vm";
import FormDataPackage from "form-data";
import { expect, it } from "vitest";
import { canSendAgain } from "../src/request/body.ts";

/** Made by the classes of another realm, as in a test runner that gives each file its own. */
const foreign = (code: string): unknown => runInNewContext(code) as unknown;

/** A web stream of a polyfill, which is an instance of no class that this realm knows and need not be iterable. */
const polyfilled = { getReader: () => ({ read: async () => ({ done: true }) }) };

/** A form of another copy of its class, as the packages before the platform's FormData have it. */
class FormDataCopy {
  readonly [Symbol.toStringTag] = "FormData";
  *[Symbol.iterator](): Generator<[string, string]> {
    yield ["name", "value"];
  }
}

it.each<[string, unknown]>([
  ["nothing", undefined],
  ["null", null],
  ["text", "text"],
  ["a number", 1],
  ["a String object", Object("text")],
  ["bytes", new Uint8Array(5)],
  ["a Buffer", Buffer.from("text")],
  ["an empty Buffer", Buffer.alloc(0)],
  ["a DataView", new DataView(new ArrayBuffer(5))],
  ["an ArrayBuffer", new ArrayBuffer(5)],
  ["a SharedArrayBuffer", new SharedArrayBuffer(5)],
  ["a Blob", new Blob(["text"])],
  ["a File", new File(["text"], "name")],
  ["a form", new FormData()],
  ["a form of another copy of the class", new FormDataCopy()],
  ["parameters", new URLSearchParams("a=b")],
  ["an array of parts", ["a", "b"]],
  ["a Map", new Map([["a", "b"]])],
  ["a Set", new Set(["a", "b"])],
  ["data", { a: 1, next: "page" }],
  ["data without a prototype", Object.assign(Object.create(null) as object, { a: 1 })],
  ["bytes of another realm", foreign("new Uint8Array(5)")],
  ["an ArrayBuffer of another realm", foreign("new ArrayBuffer(5)")],
  ["an array of another realm", foreign("['a']")],
  ["a Map of another realm", foreign("new Map([['a', 'b']])")],
  ["a Set of another realm", foreign("new Set(['a'])")],
])("%s can be sent again", (_, body) => {
  expect(canSendAgain(body)).toBe(true);
});

const generator = (function* parts() {})();
const asyncGenerator = (async function* parts() {})();

it.each<[string, unknown]>([
  ["a Node stream", Readable.from(["text"])],
  ["a writable Node stream", new Writable()],
  ["a form of the form-data package, which is a stream", new FormDataPackage()],
  ["a web stream", new ReadableStream()],
  ["a polyfilled web stream", polyfilled],
  ["an iterator", ["a"][Symbol.iterator]()],
  ["an iterator without a symbol", { next: () => ({ done: true }) }],
  ["a generator", generator],
  ["an asynchronous generator", asyncGenerator],
  ["an iterator helper", foreign("['a'].values().map(String)")],
  ["an iterable over one generator", { [Symbol.iterator]: () => generator }],
  ["an asynchronous iterable over one generator", { [Symbol.asyncIterator]: () => asyncGenerator }],
  ["an iterable that could be iterated anew, which nothing tells", { [Symbol.iterator]: () => ["a"].values() }],
  ["an asynchronous iterable that could be iterated anew", { [Symbol.asyncIterator]: async function* parts() {} }],
  ["an array that is an asynchronous iterable, too", Object.assign(["a"], { [Symbol.asyncIterator]: () => asyncGenerator })],
  ["a generator of another realm", foreign("(function* () {})()")],
  ["an asynchronous iterable of another realm", foreign("({ [Symbol.asyncIterator]: async function* () {} })")],
])("%s cannot", (_, body) => {
  expect(canSendAgain(body)).toBe(false);
});
