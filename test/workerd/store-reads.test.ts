import { describe, expect, it } from "vitest";
import { bounds, expectWithin, gaveUp, works } from "./expectations.ts";
import { startIsolate, type Isolate } from "./isolate.ts";
import { reasonNotToRun } from "./program.ts";

const reason = reasonNotToRun();
/** Milliseconds of several operations of the slow store. */
const operations = 1000;

/** A cache at module scope over a store that takes 150 ms for each operation. The login is in the store. */
async function startLoggedIn(): Promise<Isolate> {
  const isolate = await startIsolate({ grant: "refresh token", scope: "slow store" });
  await isolate.logIn("others");
  return isolate;
}

describe.skipIf(reason !== undefined).concurrent("a request that ends while its cache reads the store", () => {
  it("leaves the first look to the next request", async () => {
    await using isolate = await startLoggedIn();
    expect(await isolate.call({ giveUp: 50 })).toMatchObject(gaveUp);
    for (const ended of await Promise.all([isolate.call(), isolate.call()])) expectWithin(ended, works, operations + bounds.atOnce);
    expect(isolate.tokenRequests()).toBe(0);
  });

  it("leaves the look after a change to the next request", async () => {
    await using isolate = await startLoggedIn();
    expectWithin(await isolate.call(), works, operations + bounds.atOnce);
    await isolate.logIn("others");
    isolate.revokeAccessTokens();
    await isolate.skip(61);
    await isolate.call({ giveUp: 50 });
    for (const ended of await Promise.all([isolate.call(), isolate.call()])) expectWithin(ended, works, operations + bounds.atOnce);
    expect(isolate.tokenRequests()).toBe(0);
  });

  it("leaves the look in the background to a later one", async () => {
    await using isolate = await startLoggedIn();
    expectWithin(await isolate.call(), works, operations + bounds.atOnce);
    await isolate.skip(31);
    expect((await isolate.call({ peek: true })).answer).toEqual({ status: 204 });
    await isolate.logIn("others");
    isolate.revokeAccessTokens();
    await isolate.skip(31);
    expectWithin(await isolate.call(), works, operations + bounds.atOnce);
    expect(isolate.tokenRequests()).toBe(0);
  });
});
