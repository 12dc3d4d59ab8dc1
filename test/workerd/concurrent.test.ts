import { describe, expect, it } from "vitest";
import { lateAnswer } from "../servers/token-endpoint-faults.ts";
import { works } from "./expectations.ts";
import { startIsolate, type Isolate } from "./isolate.ts";
import { reasonNotToRun } from "./program.ts";

const reason = reasonNotToRun();
const settings = [
  { grant: "refresh token", scope: "cache" },
  { grant: "refresh token", scope: "pool" },
  { grant: "refresh token", scope: "store" },
  { grant: "client credentials", scope: "cache" },
] as const;

async function expectOneTokenRequest(isolate: Isolate): Promise<void> {
  const before = isolate.tokenRequests();
  isolate.server.faults.next(lateAnswer(200));
  const ended = await Promise.all(Array.from({ length: 20 }, () => isolate.call()));
  expect(ended.map(({ answer }) => answer)).toEqual(ended.map(() => works));
  expect(isolate.tokenRequests()).toBe(before + 1);
}

describe.skipIf(reason !== undefined).concurrent("20 concurrent requests of one isolate", () => {
  it.each(settings)("send one token request for a token that has expired, and for one that is refused: $grant, $scope", async (setting) => {
    await using isolate = await startIsolate(setting);
    if (setting.grant === "refresh token") await isolate.logIn();
    expect((await isolate.call()).answer).toEqual(works);
    await isolate.skip(600);
    await expectOneTokenRequest(isolate);
    isolate.revokeAccessTokens();
    await expectOneTokenRequest(isolate);
    expect(isolate.server.stats.refreshTokenReuses).toBe(0);
  });
});
