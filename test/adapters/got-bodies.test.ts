import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { HTTPError, type OptionsOfTextResponseBody } from "got";
import { expect, it } from "vitest";
import { rejection, startGotSession } from "./got-session.ts";
import { tally } from "./tally.ts";

const replays = tally("got", "bodies replayed", "changed");
const consumptions = tally("got", "one-shot bodies", "replayed");

const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 31) % 256);

it.each<[name: string, options: () => OptionsOfTextResponseBody, length: number]>([
  ["json", () => ({ json: { order: "tea", note: "größer als 100 °C" } }), 45],
  ["form", () => ({ form: { order: "tea & cake", count: 2 } }), 26],
  ["string", () => ({ body: "größer" }), 8],
  ["empty string", () => ({ body: "" }), 0],
  ["Buffer", () => ({ body: Buffer.from(bytes) }), 300_000],
  ["Uint8Array", () => ({ body: bytes }), 300_000],
  ["part of an array buffer", () => ({ body: bytes.subarray(7, 100_007) }), 100_000],
  ["Float64Array", () => ({ body: new Float64Array(bytes.buffer.slice(0, 80_000)) }), 80_000],
  ["DataView", () => ({ body: new DataView(bytes.buffer, 1, 70_001) }), 70_001],
  ["array of strings", () => ({ body: ["one", "two", "three"] }), 11],
])("body: %s is replayed byte for byte, with the same headers", async (_name, options, length) => {
  const headers: NodeJS.Dict<string | string[]>[] = [];
  await using session = await startGotSession();
  const { client, api, revoke, refreshes } = session;
  await revoke();
  const call = client.post("orders", options());
  void call.on("request", (request) => headers.push({ ...request.getHeaders(), authorization: undefined } as NodeJS.Dict<string>));

  expect((await call).statusCode).toBe(200);

  const [first, second] = api.requests;
  replays.count(second?.bodySha256 === first?.bodySha256 ? 0 : 1);
  expect(api.requests.map(({ status }) => status)).toEqual([401, 200]);
  expect(second?.bodyLength).toBe(length);
  expect(second?.bodySha256).toBe(first?.bodySha256);
  expect(headers[1]).toEqual(headers[0]);
  expect(refreshes()).toBe(1);
});

it("a native form is replayed with all its parts, under a boundary of its own", async () => {
  await using session = await startGotSession();
  const { client, api, revoke } = session;
  await revoke();
  const form = new FormData();
  form.set("order", "größer");
  form.set("file", new File([bytes], "tea.bin", { type: "application/octet-stream" }));
  const types: string[] = [];
  const call = client.post("orders", { body: form });
  void call.on("request", (request) => types.push(String(request.getHeader("content-type"))));

  const { body } = await call.json<{ body: string }>();

  expect(api.requests.map(({ status }) => status)).toEqual([401, 200]);
  const [first, second] = types.map((type) => /boundary=(.+)$/.exec(type)?.[1] ?? "none");
  expect(first).not.toBe(second);
  expect(body.split(`--${second}`)).toHaveLength(4);
  expect(body).toContain('name="order"\r\n\r\ngrößer\r\n');
  const sent = api.requests.map(({ bodyLength }) => bodyLength);
  expect(sent[1]).toBe((sent[0] ?? 0) + 3 * ((second ?? "").length - (first ?? "").length));
});

it("a form under a content type of the caller's own keeps it", async () => {
  await using session = await startGotSession();
  const { client, revoke } = session;
  await revoke();
  const types: unknown[] = [];
  const call = client.post("orders", { form: { a: 1 }, headers: { "content-type": "application/x-own" } });
  void call.on("request", (request) => types.push(request.getHeader("content-type")));

  await call;

  expect(types).toEqual(["application/x-own", "application/x-own"]);
});

/** Looks as if it could be read anew. */
function overOneGenerator(): AsyncIterable<string> {
  const once = (async function* () {
    yield "once";
  })();
  return { [Symbol.asyncIterator]: () => once };
}

it.each<[name: string, body: () => OptionsOfTextResponseBody["body"]]>([
  [
    "generator",
    function* () {
      yield "once";
    } as never,
  ],
  [
    "asynchronous generator",
    async function* () {
      yield "once";
    } as never,
  ],
  ["object that could be iterated anew, which nothing tells", () => ({ [Symbol.iterator]: () => ["on", "ce"].values() })],
  [
    "object that could be iterated anew asynchronously",
    () => ({
      async *[Symbol.asyncIterator]() {
        yield "once";
      },
    }),
  ],
  ["set of strings, which is read piece by piece", () => new Set(["on", "ce"])],
  ["asynchronous iterable over one generator", () => overOneGenerator()],
  ["Node stream", () => Readable.from(["on", "ce"])],
  ["file stream", () => createReadStream(fileURLToPath(import.meta.url), { end: 3 })],
  ["web stream", () => new Blob(["once"]).stream() as never],
])("body: %s is sent once; the caller gets the 401 itself, and the next request has a fresh token", async (_name, body) => {
  await using session = await startGotSession({ got: { retry: { limit: 2 } } });
  const { client, api, revoke, refreshes } = session;
  await revoke();

  const error = await rejection(client.post("orders", { body: body() }));

  consumptions.count(api.requests.length - 1);
  expect(error).toBeInstanceOf(HTTPError);
  expect(error).toMatchObject({ name: "HTTPError", code: "ERR_NON_2XX_3XX_RESPONSE", response: { statusCode: 401 } });
  expect(JSON.parse(String(error.response?.body))).toMatchObject({ code: "unauthorized" });
  expect(api.requests.map(({ status, bodyLength }) => [status, bodyLength])).toEqual([[401, 4]]);
  expect((await client("next")).statusCode).toBe(200);
  expect(refreshes()).toBe(1);
});

it("a stream that a redirect has dropped is no obstacle to the replay of the request behind it", async () => {
  await using session = await startGotSession();
  const { client, api, tokens, seen } = session;
  const target = encodeURIComponent("/target");
  const held = api.hold(({ method }) => method === "POST");
  const call = client.post(`redirect?status=303&to=${target}`, { body: Readable.from(["once"]) });
  await held.arrived();
  api.refuseToken((await tokens.get()).accessToken);
  held.release();

  expect((await call).statusCode).toBe(200);

  expect(seen()).toEqual([`POST /redirect?status=303&to=${target} 303 bearer`, "GET /target 401 bearer", "GET /target 200 bearer"]);
});

it("a body that a hook of the caller's puts in is replayed as it was", async () => {
  await using session = await startGotSession({
    got: { hooks: { beforeRequest: [(options) => void (options.body = `built ${String(options.url?.pathname)}`)] } },
  });
  const { client, api, revoke } = session;
  await revoke();

  expect(await client.post("orders").json()).toMatchObject({ body: "built /orders" });

  expect(api.requests.map(({ status, bodyLength }) => [status, bodyLength])).toEqual([
    [401, 13],
    [200, 13],
  ]);
});

it("a stream that a hook of the caller's puts in is not replayed", async () => {
  await using session = await startGotSession({
    got: { hooks: { beforeRequest: [(options) => void (options.body = Readable.from(["once"]))] } },
  });
  const { client, api, revoke } = session;
  await revoke();

  expect(await rejection(client.post("orders"))).toMatchObject({ name: "HTTPError", response: { statusCode: 401 } });

  expect(api.requests).toHaveLength(1);
});
