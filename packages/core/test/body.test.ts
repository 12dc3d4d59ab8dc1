import { Readable, Writable } from "node:stream";
import { runInNewContext } from "node:vm";
import FormDataPackage from "form-data";
import { FormData as NodeFetchFormData } from "node-fetch";
import { FormData as UndiciFormData } from "undici";
import { expect, it } from "vitest";
import { canSendAgain } from "../src/request/body.ts";

/** Made by the classes of another realm, as in a test runner that gives each file its own. */
const foreign = (code: string): unknown => runInNewContext(code) as unknown;

/** A web stream of a polyfill, which is an instance of no class that this realm knows and need not be iterable. */
const polyfilled = { getReader: () => ({ read: async () => ({ done: true }) }) };

const generator = (function* parts() {})();
const asyncGenerator = (async function* parts() {})();

/** Says that it is one of the platform's, and gives its content once. */
const spoof = (tag: string): unknown => ({ [Symbol.toStringTag]: tag, [Symbol.iterator]: () => generator, entries: () => generator });

class OnceForm extends FormData {
  override entries(): ReturnType<FormData["entries"]> {
    return generator as never;
  }
  override [Symbol.iterator](): ReturnType<FormData["entries"]> {
    return generator as never;
  }
}

class OnceParameters extends URLSearchParams {
  override toString(): string {
    return "";
  }
}

class OnceBlob extends Blob {
  override stream(): ReturnType<Blob["stream"]> {
    return new ReadableStream();
  }
}

class OnceList extends Array<string> {
  override [Symbol.iterator](): ArrayIterator<string> {
    return generator as never;
  }
}

const queue = ["a"];

it.each<[string, unknown]>([
  ["nothing", undefined],
  ["null", null],
  ["text", "text"],
  ["a number", 1],
  ["bytes", new Uint8Array(5)],
  ["a Buffer", Buffer.from("text")],
  ["an empty Buffer", Buffer.alloc(0)],
  ["a DataView", new DataView(new ArrayBuffer(5))],
  ["an ArrayBuffer", new ArrayBuffer(5)],
  ["a SharedArrayBuffer", new SharedArrayBuffer(5)],
  ["a Blob", new Blob(["text"])],
  ["a File", new File(["text"], "name")],
  ["a form", new FormData()],
  ["undici's form", new UndiciFormData()],
  ["node-fetch's form", new NodeFetchFormData()],
  ["parameters", new URLSearchParams("a=b")],
  ["an array of parts", ["a", "b"]],
  ["data", { a: 1, next: "page" }],
  ["data without a prototype", Object.assign(Object.create(null) as object, { a: 1 })],
  ["bytes of another realm", foreign("new Uint8Array(5)")],
  ["an ArrayBuffer of another realm", foreign("new ArrayBuffer(5)")],
  ["an array of another realm", foreign("['a']")],
  ["data of another realm", foreign("({ a: [1, { b: null }] })")],
])("%s can be sent again", (_, body) => {
  expect(canSendAgain(body)).toBe(true);
});

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
  ["a web stream of another realm", Object.create(ReadableStream.prototype)],
  ["a web stream behind a Proxy", new Proxy(new ReadableStream(), {})],
  ["a generator behind a Proxy", new Proxy(generator, {})],
  ["what says that it is an array", spoof("Array")],
  ["what says that it is a form", spoof("FormData")],
  ["what says that it is parameters", spoof("URLSearchParams")],
  ["what says that it is a Map", spoof("Map")],
  ["what says that it is text", spoof("String")],
  ["what says that it is a Blob", { [Symbol.toStringTag]: "Blob", size: 4, type: "", stream: () => new ReadableStream() }],
  ["what says that it is an ArrayBuffer", { [Symbol.toStringTag]: "ArrayBuffer", [Symbol.iterator]: () => generator }],
  ["a form of a subclass that reads itself", new OnceForm()],
  ["a form with a method of its own", Object.assign(new FormData(), { entries: () => generator })],
  ["parameters of a subclass that writes itself", new OnceParameters()],
  ["a Blob of a subclass that reads itself", new OnceBlob(["a"])],
  ["a Blob with a method of its own", Object.assign(new Blob(["a"]), { stream: () => new ReadableStream() })],
  ["an array of a subclass", new OnceList()],
  ["an array with an iterator of its own", Object.assign(["a"], { [Symbol.iterator]: () => generator })],
  ["an array with a stream in it", ["a", Readable.from(["b"])]],
  ["a Map, which is no body", new Map([["a", "b"]])],
  ["a Set", new Set(["a"])],
  ["an object that makes its text", { toString: () => queue.shift() ?? "" }],
  ["an object of a class that makes its text", new URL("https://api.example.com")],
  ["data that makes its JSON", { toJSON: () => queue.shift() }],
  ["an object that makes a primitive", { [Symbol.toPrimitive]: () => queue.shift() }],
  ["data over a prototype that can be iterated", Object.create({ [Symbol.iterator]: () => generator })],
  ["a function that can be iterated", Object.assign(() => {}, { [Symbol.iterator]: () => generator })],
  ["a generator function", function* parts() {}],
])("%s cannot (field line 114)", (_, body) => {
  expect(canSendAgain(body)).toBe(false);
});
