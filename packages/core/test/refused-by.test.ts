import { Readable } from "node:stream";
import { runInNewContext } from "node:vm";
import { Response as NodeFetchResponse } from "node-fetch";
import { describe, expect, it, vi } from "vitest";
import { InvalidOptionError } from "../src/errors/tokenflight-error.ts";
import { looksIntoBodies, refusedBy } from "../src/request/refusal/refused-by.ts";

const expired = JSON.stringify({ error: "token_expired" });
const refused = refusedBy<{ error?: string }>(({ error }) => error === "token_expired");
const json = (body: BodyInit, type = "application/json", status = 200): Response =>
  new Response(body, { status, headers: { "content-type": type } });

const bytesOfAnotherRealm = (text: string): ArrayBuffer =>
  runInNewContext(`new Uint8Array(${JSON.stringify([...Buffer.from(text)])}).buffer`) as ArrayBuffer;

describe("refusedBy, over a response of fetch (field line 130)", () => {
  it.each([
    ["application/json"],
    ["application/json; charset=utf-8"],
    ["application/problem+json"],
    ["Application/JSON"],
    ["application/vnd.api+json;v=1"],
  ])("looks into %s, and leaves the answer unread", async (type) => {
    const response = json(expired, type);
    expect(await refused(response)).toBe(true);
    expect([response.bodyUsed, await response.text()]).toEqual([false, expired]);
    expect(await refused(json("{}", type))).toBe(false);
  });

  it.each(["text/event-stream", "text/html", "application/x-ndjson", "application/jsonp", "", "text/plain"])(
    "never touches %j: not even a copy is made",
    async (type) => {
      const response = json(expired, type);
      using clone = vi.spyOn(response, "clone");
      expect(await refused(response)).toBe(false);
      expect(clone).not.toHaveBeenCalled();
    },
  );

  it("never touches what says that it is longer than 64 kB, and gives up one that is and does not say so", async () => {
    const long = JSON.stringify({ error: "token_expired", fill: "x".repeat(70_000) });
    const told = new Response(long, { headers: { "content-type": "application/json", "content-length": String(long.length) } });
    using clone = vi.spyOn(told, "clone");
    expect(await refused(told)).toBe(false);
    expect(clone).not.toHaveBeenCalled();
    const silent = json(long);
    expect(await refused(silent)).toBe(false);
    expect(await silent.text()).toBe(long);
    const most = JSON.stringify({ error: "token_expired", fill: "x".repeat(65_536 - 35) });
    expect(most.length).toBeLessThanOrEqual(65_536);
    expect(await refused(json(most))).toBe(true);
  });

  it("waits a second at most for an answer that does not end, and the caller reads on", async () => {
    vi.useFakeTimers();
    try {
      let send: ReadableStreamDefaultController<Uint8Array> | undefined;
      const response = json(new ReadableStream({ start: (controller) => void (send = controller) }));
      const answer = Promise.resolve(refused(response));
      let isJudged = false;
      void answer.then(() => (isJudged = true));
      await vi.advanceTimersByTimeAsync(999);
      expect(isJudged).toBe(false);
      await vi.advanceTimersByTimeAsync(1001);
      expect(isJudged).toBe(true);
      expect(await answer).toBe(false);
      send?.enqueue(new TextEncoder().encode("late"));
      send?.close();
      expect(await response.text()).toBe("late");
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    ["not JSON", "{"],
    ["nothing", ""],
    ["an answer that makes the test throw", "null"],
  ])("counts %s as not refused", async (_name, body) => {
    expect(await refused(json(body))).toBe(false);
  });

  it("counts an answer that breaks off as not refused", async () => {
    const body = new ReadableStream({ start: (controller) => controller.error(new Error("socket hang up")) });
    expect(await refused(json(body))).toBe(false);
  });

  it("gives the response, too, and takes nothing but true for an answer", async () => {
    const byStatus = refusedBy((_answer, { status }) => status === 403);
    expect([await byStatus(json("{}", undefined, 403)), await byStatus(json("{}"))]).toEqual([true, false]);
    expect(await refusedBy((() => "yes") as never)(json("{}"))).toBe(false);
  });
});

describe("refusedBy, over a response of node-fetch, whose body is a Node stream", () => {
  const answer = (length: number, isTold: boolean, chunk: number): NodeFetchResponse => {
    const text = JSON.stringify({ error: "token_expired", fill: "x".repeat(length) });
    const chunks = Array.from({ length: Math.ceil(text.length / chunk) }, (_, index) =>
      Buffer.from(text.slice(index * chunk, (index + 1) * chunk)),
    );
    const headers = { "content-type": "application/json", ...(isTold && { "content-length": String(text.length) }) };
    return new NodeFetchResponse(Readable.from(chunks), { headers, highWaterMark: 16_384 } as ResponseInit);
  };
  const cases = [1, 1000, 16_000, 17_000, 60_000, 200_000, 2_000_000].flatMap((length) =>
    [true, false].flatMap((isTold) => [1000, 65_536].map((chunk) => ({ length, isTold, chunk }))),
  );

  it.each(cases)(
    "$length bytes in chunks of $chunk, length told $isTold: judged at once, and the caller reads all of it",
    async ({ length, isTold, chunk }) => {
      const response = answer(length, isTold, chunk);
      const begun = performance.now();
      expect(await refused(response)).toBe(length <= 16_000);
      expect(performance.now() - begun).toBeLessThan(900);
      expect(((await response.json()) as { fill: string }).fill).toHaveLength(length);
    },
  );

  it("one that breaks off is not refused", async () => {
    const broken = new Readable({ read() {} });
    const response = new NodeFetchResponse(broken, { headers: { "content-type": "application/json" } });
    response.body?.on("error", () => {});
    setImmediate(() => broken.destroy(new Error("socket hang up")));
    expect(await refused(response)).toBe(false);
  });

  it("one that cannot be copied is not refused, and rejects nothing", async () => {
    const response = answer(1, false, 1000);
    await response.text();
    expect(await refused(response)).toBe(false);
  });
});

describe("refusedBy, over a response whose body was read", () => {
  const headers = { "content-type": "application/json" };
  it.each<[string, object]>([
    ["axios, parsed", { status: 200, headers, data: { error: "token_expired" } }],
    ["axios, text", { status: 200, headers: new Headers(headers), data: expired }],
    ["axios, bytes", { status: 200, headers, data: Buffer.from(expired) }],
    ["axios with fetch, bytes", { status: 200, headers, data: new TextEncoder().encode(expired).buffer }],
    ["axios with fetch, bytes of another realm", { status: 200, headers, data: bytesOfAnotherRealm(expired) }],
    ["got, text", { statusCode: 200, headers, body: expired }],
    ["got, parsed", { statusCode: 200, headers, body: { error: "token_expired" } }],
  ])("%s: answers at once", (_name, response) => {
    expect(refused(response)).toBe(true);
  });

  it.each<[string, object]>([
    ["another type", { headers: { "content-type": "text/plain" }, data: expired }],
    ["no headers", { data: expired }],
    ["a Node stream", { headers, data: { pipe: () => {}, error: "token_expired" } }],
    ["a web stream", { headers, data: new ReadableStream() }],
    ["a Blob", { headers, data: new Blob([expired]) }],
    ["long text", { headers, body: JSON.stringify({ error: "token_expired", fill: "x".repeat(70_000) }) }],
    ["long bytes", { headers, body: Buffer.from(JSON.stringify({ error: "token_expired", fill: "x".repeat(70_000) })) }],
    ["text that is no JSON", { headers, body: "{" }],
    ["long bytes of axios with fetch", { headers, data: new TextEncoder().encode(`"${"x".repeat(70_000)}"`).buffer }],
    ["nothing", { headers }],
  ])("%s is not refused, and not looked into", (_name, response) => {
    expect(refused(response)).toBe(false);
    expect(refusedBy(() => true)(response)).toBe(false);
  });

  it("another answer is not refused", () => {
    expect(refused({ headers, data: { error: "other" } })).toBe(false);
  });
});

it("adapters whose client shows no body can tell that it needs one", () => {
  expect([looksIntoBodies(refused), looksIntoBodies(() => true)]).toEqual([true, false]);
  expect(() => refusedBy(5 as never)).toThrow(InvalidOptionError);
});
