import { createTokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { expect, it } from "vitest";
import { canary, canaryCases, canaryTokens, startCanaryApi } from "./canary-cases.ts";
import { findLeaks } from "./canary.ts";
import { tally } from "./tally.ts";
import { startWireApi } from "./wire-session.ts";

const canaries = tally("fetch", "results searched", "canaries found");

it.each(canaryCases)("$name: no token can be reached from the response, the error or what the caller gave", async (one) => {
  const { wire, signal } = await startCanaryApi(one);
  await using _ = wire;
  const send = bearer(canaryTokens(), { origins: wire.origin })(globalThis.fetch);
  for (const make of [
    (): [string | Request, RequestInit?] => [
      wire.origin,
      { method: "POST", body: "text", headers: { "x-a": "1" }, signal: signal ?? null },
    ],
    (): [string | Request, RequestInit?] => [
      new Request(wire.origin, { method: "POST", body: "text", headers: { "x-a": "1" }, signal: signal ?? null }),
    ],
  ]) {
    const call = make();
    const [outcome] = await Promise.allSettled([send(...call)]);
    const body = outcome.status === "fulfilled" ? await Promise.allSettled([outcome.value.clone().text()]) : undefined;

    const leaks = findLeaks({ outcome, body, call, send }, canary);
    canaries.count(leaks.length);
    expect(leaks).toEqual([]);
  }

  // The canary was there to be found.
  expect(wire.requests.some(({ token }) => token?.includes(canary))).toBe(true);
});

it("an error of the token source is the caller's own, and nothing of ours adds a token to it", async () => {
  await using wire = await startWireApi(() => true);
  const tokens = createTokenCache({
    source: async ({ previous }) => {
      if (previous === undefined) return { access_token: `${canary}-access`, refresh_token: `${canary}-refresh`, expires_in: 0 };
      throw new Error("no more tokens");
    },
  });
  const [outcome] = await Promise.allSettled([bearer(tokens, { origins: wire.origin })(globalThis.fetch)(wire.origin)]);

  expect(findLeaks(outcome, canary)).toEqual([]);
});
