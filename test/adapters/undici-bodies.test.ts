import { createHash } from "node:crypto";
import { Readable, Writable } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import { bearer } from "@tokenflight/undici";
import { Agent, FormData, interceptors, type Dispatcher } from "undici";
import { describe, expect, it } from "vitest";
import { tally } from "./tally.ts";
import { startWireSession, withoutBoundary, type WireSession } from "./wire-session.ts";

const text = "Zürich → 東京 ".repeat(2000);
const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index % 251);
const sha256 = (of: Uint8Array | string): string => createHash("sha256").update(of).digest("hex");

function attached({ tokens, wire }: WireSession, ...outer: Dispatcher.DispatcherComposeInterceptor[]): Dispatcher.ComposedDispatcher {
  return new Agent().compose(bearer(tokens, { origins: wire.origin }), ...outer);
}

function form(): FormData {
  const fields = new FormData();
  fields.append("name", "Zoë");
  fields.append("file", new Blob([bytes], { type: "application/x-bytes" }), "bytes.bin");
  return fields;
}

async function* pieces(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("one ");
  yield Buffer.from("two");
}

const replays = tally("undici", "bodies replayed", "changed");
const consumptions = tally("undici", "one-shot bodies", "replayed");

const post = ({ wire }: WireSession, body: unknown): Dispatcher.RequestOptions => ({
  origin: wire.origin,
  path: "/orders?page=2",
  method: "POST",
  headers: { "x-a": "1" },
  body: body as NonNullable<Dispatcher.RequestOptions["body"]>,
});

describe("request", () => {
  it.each<[string, () => unknown, Uint8Array | string]>([
    ["a string", () => text, text],
    ["an empty string", () => "", ""],
    ["nothing", () => null, ""],
    ["a Buffer", () => Buffer.from(text), text],
    ["a Uint8Array", () => bytes, bytes],
    ["a part of a Uint8Array", () => bytes.subarray(100, 200), bytes.subarray(100, 200)],
    ["an ArrayBuffer", () => bytes.slice().buffer, bytes],
    ["a Blob", () => new Blob([bytes, "!"]), Buffer.concat([bytes, Buffer.from("!")])],
    ["a list of pieces", () => [Buffer.from("one "), Buffer.from("two")], "one two"],
  ])("%s arrives byte for byte the same both times", async (_name, body, sent) => {
    await using session = await startWireSession();
    await session.revoke();

    const response = await attached(session).request(post(session, body()));

    expect(response.statusCode).toBe(200);
    await response.body.dump();
    const seen = session.wire.requests.map(({ method, url, headers, bodySha256 }) => [method, url, headers["x-a"], bodySha256]);
    replays.count(seen[1]?.[3] === sha256(sent) ? 0 : 1);
    expect(seen).toEqual([1, 2].map(() => ["POST", "/orders?page=2", "1", sha256(sent)]));
  });

  it("FormData arrives the same both times but for the boundary, which undici draws anew each time", async () => {
    await using session = await startWireSession();
    await session.revoke();

    const response = await attached(session).request(post(session, form()));

    expect(response.statusCode).toBe(200);
    await response.body.dump();
    const [first, second] = session.wire.requests.map(withoutBoundary);
    expect(first).toContain(Buffer.from(bytes).toString("latin1"));
    expect(second).toBe(first);
  });

  it.each<[string, () => unknown]>([
    ["a Readable", () => Readable.from([text])],
    ["a web stream", () => new Blob([text]).stream()],
    ["an async generator", () => pieces()],
    ["a generator", () => [Buffer.from("one ")].values()],
    ["an object that can be iterated asynchronously", () => ({ [Symbol.asyncIterator]: pieces })],
  ])("%s is never replayed: the caller gets the 401 with its body, and the next request has a fresh token", async (_name, body) => {
    await using session = await startWireSession();
    await session.revoke();
    const client = attached(session);

    const refused = await client.request(post(session, body()));

    consumptions.count(session.wire.requests.length - 1);
    expect([refused.statusCode, await refused.body.json()]).toEqual([401, { code: "unauthorized" }]);
    expect(session.wire.requests).toHaveLength(1);
    const next = await client.request({ origin: session.wire.origin, path: "/", method: "GET" });
    expect([next.statusCode, session.refreshes()]).toEqual([200, 1]);
    await next.body.dump();
  });

  it("a stream in the wrapping of undici's retry interceptor is not taken for something that can be sent again", async () => {
    await using session = await startWireSession();
    await session.revoke();
    const drop: Dispatcher.DispatcherComposeInterceptor = (dispatch) => {
      let dropped = false;
      return (request, handler) => {
        if (dropped) return dispatch(request, handler);
        dropped = true;
        // The connection broke before anything of the body was read, and so the request is sent again by `retry`.
        handler.onResponseError?.(undefined as never, Object.assign(new Error("reset"), { code: "ECONNRESET" }));
        return true;
      };
    };
    const client = attached(session, drop, interceptors.retry({ minTimeout: 1, methods: ["POST"] }));

    const refused = await client.request(post(session, new Blob([text]).stream()));

    expect([refused.statusCode, await refused.body.json()]).toEqual([401, { code: "unauthorized" }]);
    expect(session.wire.requests).toHaveLength(1);
  });

  it("what the caller changes in its options while the request is under way changes nothing", async () => {
    await using session = await startWireSession();
    await session.revoke();
    const options = post(session, "first");

    const response = attached(session).request(options);
    Object.assign(options, { path: "/other", method: "DELETE", body: "second", headers: {} });

    await (await response).body.dump();
    expect(session.wire.requests.map(({ method, url, body }) => [method, url, body.toString()])).toEqual(
      [1, 2].map(() => ["POST", "/orders?page=2", "first"]),
    );
  });
});

it("F80 stream: the factory is called once, for the answer that counts", async () => {
  await using session = await startWireSession();
  await session.revoke();
  const statuses: number[] = [];
  const chunks: Buffer[] = [];

  await attached(session).stream(post(session, text), ({ statusCode }) => {
    statuses.push(statusCode);
    return new Writable({
      write(chunk: Buffer, _encoding, done) {
        chunks.push(chunk);
        done();
      },
    });
  });

  expect(statuses).toEqual([200]);
  expect(JSON.parse(Buffer.concat(chunks).toString())).toMatchObject({ body: text });
  expect(session.wire.requests.map(({ bodySha256 }) => bodySha256)).toEqual([sha256(text), sha256(text)]);
});

it("pipeline: its body is a stream, so its caller gets the 401, and the next one a fresh token", async () => {
  await using session = await startWireSession();
  await session.revoke();
  const client = attached(session);
  const pipe = async (): Promise<string> => {
    const duplex = client.pipeline(post(session, undefined), ({ statusCode, body }) => Readable.from(answered(statusCode, body)));
    duplex.end("text");
    return textOf(duplex);
  };

  expect(await pipe()).toBe('401 {"code":"unauthorized"}');
  expect(await pipe()).toMatch(/^200 .*"body":"text"/);
  expect(session.refreshes()).toBe(1);
});

async function* answered(statusCode: number, body: Readable): AsyncGenerator<string> {
  yield `${statusCode} ${await textOf(body)}`;
}
