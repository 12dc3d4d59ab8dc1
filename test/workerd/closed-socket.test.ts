import { describe, expect, it, vi } from "vitest";
import { lateAnswer } from "../servers/token-endpoint-faults.ts";
import { bounds, expectWithin, needsLogin, patience, works } from "./expectations.ts";
import { startIsolate, type Isolate } from "./isolate.ts";
import { reasonNotToRun } from "./program.ts";

const reason = reasonNotToRun();

/** A request whose client closes the socket when a token request of the worker is under way. */
async function closeSocket(isolate: Isolate, stream: boolean): Promise<void> {
  const before = isolate.tokenRequests();
  const socket = new AbortController();
  isolate.server.faults.next(lateAnswer(500));
  const ended = isolate.call({ stream, signal: socket.signal });
  await vi.waitUntil(() => isolate.tokenRequests() === before + 1, patience);
  socket.abort();
  expect((await ended).answer).toEqual({ broken: expect.stringContaining("AbortError") });
}

describe.skipIf(reason !== undefined).concurrent("a client that closes its socket, while a token request is under way", () => {
  it("ends nothing before the answer has begun", async () => {
    await using isolate = await startIsolate({ grant: "client credentials" });
    await closeSocket(isolate, false);
    expectWithin(await isolate.call(), works, bounds.usesNothingUp);
    expect(isolate.tokenRequests()).toBe(1);
  });

  it.each(["cache", "store"] as const)("ends the request in the middle of its answer, and the next one works: %s", async (scope) => {
    await using isolate = await startIsolate({ grant: "client credentials", scope });
    await closeSocket(isolate, true);
    expectWithin(await isolate.call(), works, bounds.usesNothingUp);
  });

  it.each([
    { keepAlive: "module", after: works, bound: bounds.atOnce },
    { keepAlive: undefined, after: needsLogin, bound: bounds.intent },
  ] as const)("costs a session, but for keepAlive: $keepAlive", async ({ keepAlive, after, bound }) => {
    await using isolate = await startIsolate({ grant: "refresh token", keepAlive });
    await isolate.logIn();
    await isolate.call();
    isolate.revokeAccessTokens();
    await closeSocket(isolate, true);
    expectWithin(await isolate.call(), after, bound);
  });
});
