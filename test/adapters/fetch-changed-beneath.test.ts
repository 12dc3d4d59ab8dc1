import { bearer, type FetchFunction } from "@tokenflight/fetch";
import { fetch as undiciFetch } from "undici";
import { expect, it } from "vitest";
import { countingTokens } from "../contract/scenarios/recording-api.ts";
import { startWireApi, withoutBoundary } from "./wire-session.ts";

/** Functions that change what they are given, before they send it or after. */
const functions: [string, FetchFunction][] = [
  [
    "transfers the bytes",
    async (url, init) => {
      const body = init?.body;
      if (!(body instanceof Uint8Array)) return fetch(url, init);
      return fetch(url, { ...init, body: structuredClone(body as Uint8Array<ArrayBuffer>, { transfer: [body.buffer] }) });
    },
  ],
  [
    "overwrites the bytes when they are sent",
    async (url, init) => {
      const response = await fetch(url, init);
      if (ArrayBuffer.isView(init?.body)) new Uint8Array(init.body.buffer).fill(0x30);
      return response;
    },
  ],
  [
    "signs the parameters or the form",
    async (url, init) => {
      if (init?.body instanceof URLSearchParams || init?.body instanceof FormData) init.body.append("sig", "x");
      return fetch(url, init);
    },
  ],
  [
    "adds a header",
    async (url, init) => {
      const headers = init?.headers;
      if (headers instanceof Headers) headers.append("x-trace", "1");
      else if (Array.isArray(headers)) headers.push(["x-trace", "1"]);
      return fetch(url, init);
    },
  ],
];
const bodies: [string, () => BodyInit][] = [
  ["bytes", () => new TextEncoder().encode("hello")],
  ["a Buffer", () => Buffer.alloc(5, "hello")],
  ["parameters", () => new URLSearchParams("a=1")],
  [
    "a form",
    () => {
      const form = new FormData();
      form.append("a", "1");
      return form;
    },
  ],
];
const headers: (() => HeadersInit)[] = [() => [["x-a", "1"]], () => new Headers({ "x-a": "1" })];

it.each(functions.flatMap(([does, beneath]) => bodies.map(([name, make]) => ({ does, beneath, name, make }))))(
  "a function beneath that $does: $name are the same the second time, behind a redirect, too, and the caller's stay as they are",
  async ({ beneath, make }) => {
    for (const makeHeaders of headers) {
      let count = 0;
      await using api = await startWireApi(
        () => true,
        ({ url }) => {
          if (url === "/from") return { status: 307, headers: { location: "/to" } };
          return { status: (count += 1) === 1 ? 401 : 200 };
        },
      );
      const body = make();
      const before = new Response(make() as never);
      const init = { method: "POST", body, headers: makeHeaders() };
      const send = bearer(countingTokens(), { origins: api.origin })(beneath);

      expect((await send(`${api.origin}/direct`, init)).status).toBe(200);
      count = 1;
      expect((await send(`${api.origin}/from`, init)).status).toBe(200);

      const bytes = api.requests.map((request) => (body instanceof FormData ? withoutBoundary(request) : request.body.toString()));
      expect(bytes).toEqual(Array.from({ length: 4 }, () => bytes[0]));
      expect(bytes[0]).toContain(body instanceof Uint8Array ? "hello" : "a");
      expect(new Set(api.requests.map((request) => request.headers["x-trace"])).size).toBe(1);
      if (!(body instanceof FormData)) expect(await new Response(body as never).text()).toBe(await before.text());
      expect([...new Headers(init.headers).keys()]).toEqual(["x-a"]);
    }
  },
);

/** Bytes in memory that threads share, of which fetch makes text, and a resizable buffer. */
const memories: [string, () => unknown][] = [
  ["a SharedArrayBuffer", () => shared("hello").buffer],
  ["a view of shared memory", () => shared("0123456789").subarray(2, 7)],
  ["numbers in shared memory", () => new Float64Array(new SharedArrayBuffer(16))],
  ["a DataView of shared memory", () => new DataView(new SharedArrayBuffer(8), 2)],
  ["a Buffer of shared memory", () => Buffer.from(shared("hello").buffer)],
  ["a resizable buffer", () => new ArrayBuffer(5, { maxByteLength: 100 })],
  ["a part of a resizable buffer", () => new Uint8Array(new ArrayBuffer(10, { maxByteLength: 100 }), 3)],
  ["a DataView", () => new DataView(new TextEncoder().encode("0123456789").buffer, 2, 4)],
  ["numbers", () => new Float64Array([1.5, 2.5]).subarray(1)],
];
function shared(text: string): Uint8Array<SharedArrayBuffer> {
  const bytes = new Uint8Array(new SharedArrayBuffer(text.length));
  bytes.set(new TextEncoder().encode(text));
  return bytes;
}

const over = [
  ["Node's", globalThis.fetch],
  ["undici's", undiciFetch],
] as [string, FetchFunction][];
it.each(over.flatMap(([name, beneath]) => memories.map(([memory, make]) => ({ name, beneath, memory, make }))))(
  "over $name, $memory goes out as without us, the second time, too",
  async ({ beneath, make }) => {
    let count = 0;
    await using api = await startWireApi(
      () => true,
      () => ({ status: (count += 1) === 2 ? 401 : 200 }),
    );
    const send = bearer(countingTokens(), { origins: api.origin })(beneath);
    for (const fetch of [beneath, send]) await fetch(api.origin, { method: "POST", body: make() as BodyInit });

    const [bare, ...ours] = api.requests.map(({ body, headers: seen }) => [body.toString("latin1"), seen["content-type"]]);
    expect(ours).toEqual([bare, bare]);
  },
);

it("a Request of a class that lets its URL change while a token is awaited goes where it leads then without the token", async () => {
  await using api = await startWireApi(() => true);
  await using elsewhere = await startWireApi(() => true);
  class LooseRequest {
    url: string;
    readonly method = "GET";
    readonly headers = new Headers();
    readonly body = null;
    constructor(input: string | { url: string }) {
      this.url = typeof input === "string" ? input : input.url;
    }
    get [Symbol.toStringTag](): string {
      return "Request";
    }
    clone(): LooseRequest {
      return new LooseRequest(this.url);
    }
  }
  const beneath = ((input: string | LooseRequest, init?: RequestInit) =>
    fetch(typeof input === "string" ? input : input.url, { headers: init?.headers ?? {} })) as FetchFunction;
  const request = new LooseRequest(`${api.origin}/a`);

  const call = bearer(countingTokens(), { origins: api.origin })(beneath)(request as never);
  request.url = `${elsewhere.origin}/b`;
  await call;

  expect([api.requests, elsewhere.requests.map(({ url, token }) => [url, token])]).toEqual([[], [["/b", undefined]]]);
});
