import { beforeAll, describe, expect, it } from "vitest";
import { createTokenCache } from "../src/cache/create-token-cache.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import type { TokenResponse } from "../src/tokens/token-response.ts";
import { TokenSet } from "../src/tokens/token-set.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { response, setUp } from "./set-up.ts";
import { settle, TestClock } from "./test-clock.ts";

beforeAll(hashAtOnce);

/** What a source may give that is over when it comes. */
const kinds: [string, (clock: TestClock) => TokenSet | TokenResponse][] = [
  ["a response whose expiry is in the past", (clock) => response("1", { expires_at: clock.now() / 1000 - 1 })],
  ["a response that expires at this moment", (clock) => response("1", { expires_at: new Date(clock.now()) })],
  ["a response from long ago", () => response("1", { expires_at: 946_684_800 })],
  [
    "a token set that is an hour old",
    (clock) => new TokenSet({ accessToken: "same", tokenType: "Bearer", issuedAt: clock.now() - 3_600_000, expiresAt: clock.now() - 1 }),
  ],
];

describe.each(kinds)("a source that gives %s", (_, give) => {
  it.each([false, true])("is asked once more, and then the callers get a typed error; with a store: %s", async (hasStore) => {
    const clock = new TestClock();
    let asked = 0;
    const source = async (): Promise<TokenSet | TokenResponse> => {
      asked += 1;
      return give(clock);
    };
    const tokens = createTokenCache({ source, clock, ...(hasStore ? { store: memoryStore(), identity: "test", key: "alice" } : {}) });
    const callers = Array.from({ length: 100 }, () => new Outcome(tokens.get()));
    await settle();
    expect(new Set(callers.map(({ code }) => code))).toEqual(new Set(["ERR_INVALID_TOKEN_RESPONSE"]));
    expect(asked).toBe(2);
    for (let calls = 0; calls < 50; calls += 1) {
      await expect(tokens.get()).rejects.toMatchObject({ code: "ERR_INVALID_TOKEN_RESPONSE" });
      expect(tokens.peek()).toBeUndefined();
    }
    expect(asked).toBe(2);
  });

  it("is asked once a second from then on, while somebody asks", async () => {
    const clock = new TestClock();
    let asked = 0;
    const source = async (): Promise<TokenSet | TokenResponse> => {
      asked += 1;
      return give(clock);
    };
    const tokens = createTokenCache({ source, clock });
    for (let steps = 0; steps < 100; steps += 1) {
      void tokens.get().catch(() => {});
      await clock.advance(100);
    }
    expect(asked).toBeLessThanOrEqual(2 + 10);
    expect(asked).toBeGreaterThanOrEqual(2 + 8);
  });

  it("is believed again as soon as it gives one that is good", async () => {
    const { tokens, hand, clock } = setUp();
    const callers = [new Outcome(tokens.get())];
    await settle();
    hand.last.give(give(clock));
    await settle();
    hand.last.give(response("good"));
    await settle();
    callers.push(new Outcome(tokens.get()));
    await settle();
    expect(callers.map(({ value }) => value?.accessToken)).toEqual(["access-good", "access-good"]);
    expect(hand.calls).toHaveLength(2);
  });

  it("and gives it to a renewal is bounded as well", async () => {
    const { tokens, hand, clock } = setUp();
    const refused = await tokens.save(response("0"));
    const renewal = new Outcome(tokens.renew(refused));
    for (let answers = 0; answers < 10 && renewal.state === "pending"; answers += 1) {
      await settle();
      hand.last.give(give(clock));
      await settle();
    }
    expect(renewal.state).toBe("rejected");
    expect(hand.calls.length).toBeLessThanOrEqual(2);
  });
});

it("a source that answers at once with what is over stops no event loop", async () => {
  const old = new TokenSet({ accessToken: "same", tokenType: "Bearer", issuedAt: 0, expiresAt: 1000 });
  let asked = 0;
  const tokens = createTokenCache({
    source: async () => {
      asked += 1;
      return old;
    },
  });
  await expect(tokens.get()).rejects.toMatchObject({ code: "ERR_INVALID_TOKEN_RESPONSE" });
  expect(asked).toBe(2);
});
