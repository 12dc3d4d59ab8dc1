import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { lateAnswer } from "../servers/token-endpoint-faults.ts";
import { bounds, expectWithin, patience, works } from "./expectations.ts";
import { startIsolate, type Ended, type Isolate } from "./isolate.ts";
import { reasonNotToRun } from "./program.ts";

const reason = reasonNotToRun();
const pools = [
  { grant: "client credentials", concurrency: 1, scope: "pool", queue: { concurrency: 1 } },
  { grant: "refresh token", concurrency: 2, scope: "pool", queue: { concurrency: 2 } },
] as const;

async function needTokens(isolate: Isolate, users: readonly string[]): Promise<void> {
  if (isolate.grant === "client credentials") return;
  for (const user of users) {
    await isolate.logIn(user);
    expect((await isolate.call({ user })).answer).toEqual(works);
  }
  isolate.revokeAccessTokens();
}

function expectAll(ended: readonly Ended[], bound: number): void {
  for (const one of ended) expectWithin(one, works, bound);
}

describe.skipIf(reason !== undefined).concurrent("the queue of a pool", () => {
  it.each(pools)("gives back slots of requests that ended: $grant, concurrency $concurrency", async (options) => {
    await using isolate = await startIsolate(options);
    const dropped = Array.from({ length: options.concurrency }, (_, index) => `dropped-${index}`);
    await needTokens(isolate, [...dropped, "one", "another"]);
    isolate.server.faults.next(lateAnswer(500), dropped.length);
    await Promise.all(dropped.map((user) => isolate.call({ user, abandon: 150 })));
    expectAll(await Promise.all(["one", "another"].map((user) => isolate.call({ user }))), bounds.slot);
  });

  it.each(pools)("does not stop at requests that ended while they waited in it: $grant, concurrency $concurrency", async (options) => {
    await using isolate = await startIsolate(options);
    const busy = Array.from({ length: options.concurrency }, (_, index) => `busy-${index}`);
    const gone = ["gone-0", "gone-1"];
    await needTokens(isolate, [...busy, ...gone, "one", "another"]);
    isolate.server.faults.next(lateAnswer(500), busy.length);
    const first = busy.map((user) => isolate.call({ user }));
    await vi.waitUntil(() => isolate.tokenRequests() === busy.length, patience);
    const givenUp = gone.map((user) => isolate.call({ user, giveUp: 150 }));
    await sleep(50);
    const last = ["one", "another"].map((user) => isolate.call({ user }));
    expectAll(await Promise.all(first), bounds.slot);
    expectAll(await Promise.all(last), bounds.slot);
    await Promise.all(givenUp);
  });

  it.each(pools)(
    "begins a token request on behalf of its own request, not of the one before: $grant, concurrency $concurrency",
    async (options) => {
      await using isolate = await startIsolate(options);
      const users = Array.from({ length: 3 * options.concurrency }, (_, index) => `user-${index}`);
      await needTokens(isolate, users);
      isolate.server.faults.always(lateAnswer(150));
      expectAll(await Promise.all(users.map((user) => isolate.call({ user }))), bounds.slot);
      expect(isolate.tokenRequests()).toBe(users.length);
    },
  );

  it("goes on with its rate limit when the request that it began in is over", async () => {
    await using isolate = await startIsolate({ grant: "client credentials", scope: "pool", queue: { interval: 1, intervalCap: 1 } });
    expectAll([await isolate.call({ user: "first" })], bounds.slot);
    expectAll([await isolate.call({ user: "second" })], bounds.slot);
    expectAll(await Promise.all(["third", "fourth"].map((user) => isolate.call({ user }))), bounds.slot);
  });
});
