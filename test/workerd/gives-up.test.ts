import { describe, expect, it, vi } from "vitest";
import { beforeUse, lateAnswer } from "../servers/token-endpoint-faults.ts";
import { bounds, expectWithin, gaveUp, needsLogin, patience, refused, works } from "./expectations.ts";
import { startIsolate, type Isolate } from "./isolate.ts";
import { reasonNotToRun } from "./program.ts";

const reason = reasonNotToRun();
const kept = [
  { grant: "refresh token", scope: "cache", keepAlive: "module" },
  { grant: "refresh token", scope: "store", keepAlive: "context" },
  { grant: "client credentials", scope: "pool", keepAlive: "context" },
] as const;

/** A user whose access token was revoked, or a client that has no token yet. */
async function needToken(isolate: Isolate): Promise<void> {
  if (isolate.grant === "client credentials") return;
  await isolate.logIn();
  expect((await isolate.call()).answer).toEqual(works);
  isolate.revokeAccessTokens();
}

describe.skipIf(reason !== undefined).concurrent("a caller that gives up after 150 ms, while its token request is under way", () => {
  it.each(kept)("leaves its refresh to keepAlive: $grant, $scope, waitUntil of the $keepAlive", async (options) => {
    await using isolate = await startIsolate(options);
    await needToken(isolate);
    isolate.server.faults.next(lateAnswer(500));
    expect(await isolate.call({ abandon: 150 })).toMatchObject(gaveUp);
    expectWithin(await isolate.call(), works, bounds.atOnce);
    expect(isolate.tokenRequests()).toBe(1);
  });

  it.each(["cache", "store"] as const)("holds the next ones up for a second at most, when asking uses nothing up: %s", async (scope) => {
    await using isolate = await startIsolate({ grant: "client credentials", scope });
    isolate.server.faults.next(lateAnswer(500));
    expect(await isolate.call({ abandon: 150 })).toMatchObject(gaveUp);
    for (const ended of await Promise.all([isolate.call(), isolate.call()])) expectWithin(ended, works, bounds.usesNothingUp);
    expect((await isolate.call()).answer).toEqual(works);
  });

  it.each(["pool", "store"] as const)(
    "takes the session with it, and the next ones learn it within the intent's deadline: %s",
    async (scope) => {
      await using isolate = await startIsolate({ grant: "refresh token", scope });
      await needToken(isolate);
      isolate.server.faults.next(lateAnswer(500));
      expect(await isolate.call({ abandon: 150 })).toMatchObject(gaveUp);
      // A cache that is new sends the access token that the store has, and gives its caller the refusal.
      const after = scope === "store" ? refused : needsLogin;
      for (const ended of await Promise.all([isolate.call(), isolate.call()])) expectWithin(ended, after, bounds.intent);
      await isolate.logIn();
      expect((await isolate.call()).answer).toEqual(works);
    },
  );

  it.each(["cache", "store"] as const)("costs no session when its token request was not carried out: %s", async (scope) => {
    await using isolate = await startIsolate({ grant: "refresh token", scope });
    await needToken(isolate);
    isolate.server.faults.next(beforeUse("silence"));
    expect(await isolate.call({ abandon: 150 })).toMatchObject(gaveUp);
    expectWithin(await isolate.call(), works, bounds.intent);
    expect((await isolate.call()).answer).toEqual(works);
  });

  it.each(["cache", "pool"] as const)("takes nobody with it who has joined its refresh: %s", async (scope) => {
    await using isolate = await startIsolate({ grant: "client credentials", scope });
    isolate.server.faults.next(lateAnswer(500));
    const first = isolate.call({ abandon: 250 });
    await vi.waitUntil(() => isolate.tokenRequests() === 1, patience);
    expectWithin(await isolate.call(), works, bounds.usesNothingUp);
    expect(await first).toMatchObject(gaveUp);
  });
});
