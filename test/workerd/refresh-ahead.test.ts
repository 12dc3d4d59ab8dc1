import { describe, expect, it, vi } from "vitest";
import { lateAnswer } from "../servers/token-endpoint-faults.ts";
import { bounds, expectWithin, needsLogin, patience, works } from "./expectations.ts";
import { startIsolate, type Isolate, type IsolateOptions } from "./isolate.ts";
import { reasonNotToRun } from "./program.ts";

const reason = reasonNotToRun();

/** A request that calls with a token in its refresh-ahead window, and is over while the token request is under way. */
async function refreshAhead(isolate: Isolate): Promise<void> {
  if (isolate.grant === "refresh token") await isolate.logIn();
  expect((await isolate.call()).answer).toEqual(works);
  await isolate.skip(400);
  isolate.server.faults.next(lateAnswer(400));
  const before = isolate.tokenRequests();
  expectWithin(await isolate.call(), works, bounds.atOnce);
  await vi.waitUntil(() => isolate.tokenRequests() === before + 1, patience);
  expect((await isolate.call()).answer).toEqual(works);
}

const kept: IsolateOptions[] = [
  { grant: "refresh token", scope: "cache", keepAlive: "module" },
  { grant: "refresh token", scope: "pool", keepAlive: "context" },
  { grant: "client credentials", scope: "cache", keepAlive: "context" },
  { grant: "client credentials", scope: "pool", keepAlive: "module" },
];

describe.skipIf(reason !== undefined).concurrent("a refresh ahead in a request that ends", () => {
  it.each(kept)("is carried to its end by keepAlive: $grant, $scope, waitUntil of the $keepAlive", async (options) => {
    await using isolate = await startIsolate(options);
    await refreshAhead(isolate);
    const before = isolate.tokenRequests();
    await isolate.skip(200);
    expectWithin(await isolate.call(), works, bounds.atOnce);
    expect(isolate.tokenRequests()).toBe(before);
    expect(isolate.server.stats.refreshTokenReuses).toBe(0);
  });

  it("costs a second at most without keepAlive, when asking uses nothing up", async () => {
    await using isolate = await startIsolate({ grant: "client credentials" });
    await refreshAhead(isolate);
    await isolate.skip(200);
    expectWithin(await isolate.call(), works, bounds.usesNothingUp);
    expect((await isolate.call()).answer).toEqual(works);
  });

  it("loses a session without keepAlive, and says so within the intent's deadline", async () => {
    await using isolate = await startIsolate({ grant: "refresh token" });
    await refreshAhead(isolate);
    await isolate.skip(200);
    expectWithin(await isolate.call(), needsLogin, bounds.intent);
    expectWithin(await isolate.call(), needsLogin, bounds.atOnce);
    await isolate.logIn();
    expect((await isolate.call()).answer).toEqual(works);
  });

  it("may end in the turn that began it", async () => {
    await using isolate = await startIsolate({ grant: "client credentials" });
    expect((await isolate.call()).answer).toEqual(works);
    await isolate.skip(400);
    expect((await isolate.call({ peek: true })).answer).toEqual({ status: 204 });
    await isolate.skip(200);
    expectWithin(await isolate.call(), works, bounds.usesNothingUp);
  });
});
