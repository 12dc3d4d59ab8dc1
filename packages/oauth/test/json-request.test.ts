import { requestJson, type JsonRequest } from "@tokenflight/oauth";
import { describe, expect, it } from "vitest";
import { failureOf } from "./call.ts";
import { always, nobodysOrigin, startOddServer } from "./odd-server.ts";

const ask = (url: string, more: Partial<JsonRequest> = {}): ReturnType<typeof requestJson> =>
  requestJson({ fetch: (...given) => fetch(...given), url, title: "registration", timeout: 2000, ...more });

describe("requestJson", () => {
  it("sends JSON, and gives the fields of the answer", async () => {
    const server = await startOddServer(always(201, { client_id: "a" }));
    expect(await ask(server.origin, { body: { client_name: "x" } })).toMatchObject({
      status: 201,
      fields: { client_id: "a" },
      problem: undefined,
    });
    expect(server.received[0]).toMatchObject({
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
    });
    expect([...(server.received[0]?.form.keys() ?? [])]).toEqual(['{"client_name":"x"}']);
    await ask(server.origin);
    expect(server.received[1]).toMatchObject({ method: "GET" });
  });

  it("gives what a refusal says, cleaned", async () => {
    const server = await startOddServer(always(400, { error: "invalid_redirect_uri", error_description: "Not\n\u001b[31mthis" }));
    expect(await ask(server.origin)).toMatchObject({ status: 400, error: "invalid_redirect_uri", errorDescription: "Not ?[31mthis" });
  });

  it.each<[string, number, unknown, Record<string, string>, object]>([
    ["a page", 200, "<html>", {}, { fields: undefined, problem: undefined }],
    ["a list", 200, "[1]", {}, { fields: undefined }],
    ["more than 256 KB", 200, "x".repeat(300_000), {}, { fields: undefined, problem: "is longer than 256 KB" }],
    ["a redirect", 302, "", { location: "https://evil.example/" }, { problem: "is a redirect, which is not followed" }],
    ["nothing", 404, "", {}, { status: 404, fields: undefined }],
  ])("has no fields for %s", async (_, status, body, headers, expected) => {
    const server = await startOddServer(always(status, body, headers));
    expect(await ask(server.origin)).toMatchObject(expected);
  });

  it("ends in time when the answer does not", async () => {
    const server = await startOddServer((response) => void response.writeHead(200).write("{"));
    expect(await ask(server.origin, { timeout: 100 })).toMatchObject({ fields: undefined, problem: "did not end in time" });
    const silent = await startOddServer(() => {});
    expect(await failureOf(ask(silent.origin, { timeout: 100 }))).toMatchObject({ outcome: "not-sent" });
    expect(await failureOf(ask(silent.origin, { timeout: 100, body: {} }))).toMatchObject({ outcome: "unknown" });
  });

  it.each([
    [429, "throttled"],
    [503, "throttled"],
    [500, "unknown"],
  ])("rejects for %i", async (status, outcome) => {
    const server = await startOddServer(always(status, "", { "retry-after": "2" }));
    expect(await failureOf(ask(server.origin))).toMatchObject({ outcome, status, retryAfter: 2000 });
  });

  it("rejects when nobody is there, and with its signal", async () => {
    expect(await failureOf(ask(await nobodysOrigin(), { body: {} }))).toMatchObject({
      outcome: "not-sent",
      cause: { code: "ECONNREFUSED" },
    });
    const error = await failureOf(ask(await nobodysOrigin(), { signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ outcome: "not-sent", message: expect.stringMatching(/was ended by its signal/) });
  });
});
