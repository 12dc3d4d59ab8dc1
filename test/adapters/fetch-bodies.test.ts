import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { bearer } from "@tokenflight/fetch";
import { describe, expect, it, vi } from "vitest";
import { tally } from "./tally.ts";
import { startWireSession, withoutBoundary, type WireSession } from "./wire-session.ts";

const text = "Zürich → 東京 ".repeat(2000);
const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index % 251);

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

/** A body, and the bytes that it is. */
const replayable: { name: string; body: () => BodyInit; sent: Uint8Array | string }[] = [
  { name: "a string", body: () => text, sent: text },
  { name: "an empty string", body: () => "", sent: "" },
  { name: "URLSearchParams", body: () => new URLSearchParams({ a: "b&c", d: "Zoë" }), sent: "a=b%26c&d=Zo%C3%AB" },
  { name: "a Blob", body: () => new Blob([bytes, "!"]), sent: Buffer.concat([bytes, Buffer.from("!")]) },
  { name: "a Uint8Array", body: () => bytes, sent: bytes },
  { name: "a part of a Uint8Array", body: () => bytes.subarray(100, 200), sent: bytes.subarray(100, 200) },
  { name: "an ArrayBuffer", body: () => bytes.slice().buffer, sent: bytes },
  { name: "a DataView", body: () => new DataView(bytes.slice().buffer, 10, 20), sent: bytes.subarray(10, 30) },
];

const oneShot: { name: string; body: () => unknown }[] = [
  { name: "a ReadableStream", body: () => new Blob([text]).stream() },
  { name: "a Node stream", body: () => Readable.from([text]) },
  { name: "an async generator", body: () => pieces() },
  { name: "an async iterator", body: () => ({ [Symbol.asyncIterator]: () => pieces()[Symbol.asyncIterator](), next: () => undefined }) },
  { name: "an object that gives its pieces once, and does not show it", body: emptied },
];

/** Iterating it a second time gives nothing: a replay would have an empty body. */
function emptied(): AsyncIterable<Uint8Array> {
  const left = [Buffer.from("one "), Buffer.from("two")];
  return {
    async *[Symbol.asyncIterator]() {
      for (let piece = left.shift(); piece !== undefined; piece = left.shift()) yield piece;
    },
  };
}

const replays = tally("fetch", "bodies replayed", "changed");
const consumptions = tally("fetch", "one-shot bodies", "replayed");

const sha256 = (of: Uint8Array | string): string => createHash("sha256").update(of).digest("hex");
const attached = ({ tokens, wire }: WireSession): typeof fetch => bearer(tokens, { origins: wire.origin })(globalThis.fetch);

describe("a body in init", () => {
  it.each(replayable)(
    "$name arrives byte for byte the same both times, with its own content-type, and nothing is cloned",
    async ({ body, sent }) => {
      await using session = await startWireSession();
      await session.revoke();
      using clone = vi.spyOn(Request.prototype, "clone");

      const response = await attached(session)(session.wire.origin, { method: "POST", body: body() });

      expect(response.status).toBe(200);
      replays.count(session.wire.requests[1]?.bodySha256 === sha256(sent) ? 0 : 1);
      expect(session.wire.requests.map(({ bodySha256 }) => bodySha256)).toEqual([sha256(sent), sha256(sent)]);
      expect(session.wire.requests[1]?.headers["content-type"]).toBe(session.wire.requests[0]?.headers["content-type"]);
      expect(session.wire.requests[1]?.headers["content-length"]).toBe(session.wire.requests[0]?.headers["content-length"]);
      expect(clone).not.toHaveBeenCalled();
      expect(session.refreshes()).toBe(1);
    },
  );

  it("FormData arrives the same both times but for the boundary, which fetch draws anew for each request", async () => {
    await using session = await startWireSession();
    await session.revoke();

    expect((await attached(session)(session.wire.origin, { method: "POST", body: form() })).status).toBe(200);

    const [first, second] = session.wire.requests.map(withoutBoundary);
    expect(first).toContain(Buffer.from(bytes).toString("latin1"));
    expect(second).toBe(first);
  });

  it.each(oneShot)(
    "$name is never replayed: the caller gets the 401 with its body, and the next request has a fresh token",
    async ({ body }) => {
      await using session = await startWireSession();
      const { wire } = session;
      await session.revoke();
      const send = attached(session);

      const refused = await send(wire.origin, { method: "POST", body: body(), duplex: "half" } as RequestInit);

      consumptions.count(wire.requests.length - 1);
      expect([refused.status, await refused.json()]).toEqual([401, { code: "unauthorized" }]);
      expect(wire.requests).toHaveLength(1);
      expect((await send(wire.origin)).status).toBe(200);
      expect(session.refreshes()).toBe(1);
    },
  );
});

describe("a body in a Request", () => {
  const asRequest = [
    ...replayable.filter(({ name }) => name !== "an empty string"),
    { name: "FormData", body: form, sent: undefined },
    { name: "a stream", body: () => new Blob([text]).stream(), sent: text },
  ];

  it.each(asRequest)(
    "D58 $name arrives byte for byte the same both times, and the Request is used up as without us",
    async ({ body, sent }) => {
      await using session = await startWireSession();
      const { wire } = session;
      await session.revoke();
      const request = new Request(`${wire.origin}/orders?page=2`, { method: "PUT", body: body(), duplex: "half" } as RequestInit);
      const send = attached(session);

      expect((await send(request)).status).toBe(200);

      const [first, second] = wire.requests;
      replays.count(second?.bodySha256 === first?.bodySha256 ? 0 : 1);
      expect([second?.method, second?.url, second?.bodySha256]).toEqual(["PUT", "/orders?page=2", first?.bodySha256]);
      if (sent !== undefined) expect(first?.bodySha256).toBe(sha256(sent));
      expect(second?.headers["content-type"]).toBe(first?.headers["content-type"]);
      expect(request.bodyUsed).toBe(true);
      await expect(send(request)).rejects.toThrow(TypeError);
      expect(wire.requests).toHaveLength(2);
    },
  );

  it("the copy that no replay needed is cancelled, so that its memory is free", async () => {
    await using session = await startWireSession();
    const { wire } = session;
    using clone = vi.spyOn(Request.prototype, "clone");
    using cancel = vi.spyOn(ReadableStream.prototype, "cancel");
    const request = new Request(wire.origin, { method: "POST", body: text });

    await attached(session)(request);

    expect(clone).toHaveBeenCalledTimes(1);
    expect(cancel.mock.contexts).toContain((clone.mock.results[0]?.value as Request).body);
  });

  it('replay: "never" clones nothing, and the caller gets the 401', async () => {
    await using session = await startWireSession();
    const { tokens, wire } = session;
    await session.revoke();
    using clone = vi.spyOn(Request.prototype, "clone");
    const send = bearer(tokens, { origins: wire.origin, replay: "never" })(globalThis.fetch);

    const response = await send(new Request(wire.origin, { method: "POST", body: text }));

    expect([response.status, await response.json()]).toEqual([401, { code: "unauthorized" }]);
    expect(clone).not.toHaveBeenCalled();
    expect((await send(wire.origin)).status).toBe(200);
  });

  it("D58 a Request without a body can be sent again and again, as without us", async () => {
    await using session = await startWireSession();
    await session.revoke();
    const request = new Request(session.wire.origin, { headers: { "x-request": "1" } });
    const send = attached(session);

    expect([(await send(request)).status, (await send(request)).status]).toEqual([200, 200]);

    expect(session.wire.requests.map(({ headers }) => headers["x-request"])).toEqual(["1", "1", "1"]);
    expect(request.headers.has("authorization")).toBe(false);
  });

  it("a body in init takes the place of the one in the Request, and nothing is cloned", async () => {
    await using session = await startWireSession();
    await session.revoke();
    using clone = vi.spyOn(Request.prototype, "clone");
    const request = new Request(session.wire.origin, { method: "POST", body: "theirs" });

    await attached(session)(request, { body: "ours" });

    expect(session.wire.requests.map(({ body }) => body.toString())).toEqual(["ours", "ours"]);
    expect(clone).not.toHaveBeenCalled();
  });
});

it("100 POSTs that are refused at once: one refresh, every body arrives whole, none more than twice", async () => {
  await using session = await startWireSession();
  const { wire } = session;
  await session.revoke();
  const send = attached(session);
  const bodies = Array.from({ length: 100 }, (_, index) => `${index} ${"x".repeat(index * 100)}`);

  const responses = await Promise.all(bodies.map((body) => send(wire.origin, { method: "POST", body })));

  expect(responses.map(({ status }) => status)).toEqual(bodies.map(() => 200));
  const arrived = wire.requests.filter(({ isGood }) => isGood).map(({ bodySha256 }) => bodySha256);
  expect(arrived.toSorted()).toEqual(bodies.map(sha256).toSorted());
  expect(wire.requests.length).toBeLessThanOrEqual(200);
  expect(session.refreshes()).toBe(1);
});

it("a crowd that writes its bodies into one buffer, in rounds, refused or not: each arrives as it was at its call", async () => {
  await using session = await startWireSession();
  const { wire } = session;
  const send = attached(session);
  const buffer = new Uint8Array(3000);
  const given: string[] = [];
  for (let round = 0; round < 6; round += 1) {
    if (round % 2 === 1) await session.revoke();
    const sent = Array.from({ length: 20 }, (_, index) => {
      const body = buffer.subarray(0, 500 + index * 100).fill(given.length);
      given.push(sha256(body));
      return send(wire.origin, { method: "POST", body });
    });
    for (const response of await Promise.all(sent)) expect(response.status).toBe(200);
  }
  const arrived = wire.requests.filter(({ isGood }) => isGood).map(({ bodySha256 }) => bodySha256);
  expect(arrived.toSorted()).toEqual(given.toSorted());
  expect(session.refreshes()).toBe(3);
});
