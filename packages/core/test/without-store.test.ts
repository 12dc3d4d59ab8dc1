import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { TokenSource } from "../src/tokens/token-source.ts";
import { FaultyStore, type Fault } from "./faulty-store.ts";
import { HandSource } from "./hand-source.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { setUp, type SetUp } from "./set-up.ts";
import { TestClock } from "./test-clock.ts";

type Traits = Pick<TokenSource, "spendsRefreshToken" | "requiresLogin">;
const withRefreshToken = { access_token: "first", refresh_token: "r", expires_in: 60 };
const withoutOne = { access_token: "first", expires_in: 60 };

let clock: TestClock;
let store: FaultyStore;

beforeAll(hashAtOnce);
beforeEach(() => {
  clock = new TestClock();
  store = new FaultyStore();
});

/** Whether the source is asked while the store is away, and what the caller gets. */
async function ask({ tokens, hand }: SetUp, fault: Fault): Promise<string> {
  store.reads = fault;
  store.writes = fault;
  const before = hand.calls.length;
  const outcome = new Outcome(tokens.get());
  await clock.advance(2000);
  if (hand.calls.length > before) hand.last.give({ access_token: "unaided", expires_in: 60 });
  await clock.advance(20_000);
  return outcome.value?.accessToken ?? String(outcome.code);
}

describe.each<Fault>(["fails", "stalls"])("a store that %s", (fault) => {
  it.each<[string, Traits, typeof withoutOne | undefined, string]>([
    ["a plain function that has given nothing yet", {}, undefined, "ERR_STORE_UNAVAILABLE"],
    ["a plain function without refresh tokens", {}, withoutOne, "unaided"],
    ["a plain function with refresh tokens", {}, withRefreshToken, "ERR_STORE_UNAVAILABLE"],
    ["a source that uses nothing up, from the start", { spendsRefreshToken: false }, undefined, "unaided"],
    ["a source that uses nothing up, with refresh tokens", { spendsRefreshToken: false }, withRefreshToken, "unaided"],
    ["a source that needs a login, from the start", { spendsRefreshToken: false, requiresLogin: true }, undefined, "ERR_STORE_UNAVAILABLE"],
    [
      "a source that needs a login, with refresh tokens it may use again",
      { spendsRefreshToken: false, requiresLogin: true },
      withRefreshToken,
      "unaided",
    ],
    ["a source that spends", { spendsRefreshToken: true }, withoutOne, "ERR_STORE_UNAVAILABLE"],
  ])("and %s: the answer is as it has to be", async (_, traits, first, expected) => {
    const hand = new HandSource();
    Object.assign(hand.source, traits);
    const all = setUp({ clock, store, key: "alice", hand });
    if (first !== undefined) await all.tokens.save(first);
    clock.skip(3_600_000);
    expect(await ask(all, fault)).toBe(expected);
    expect(all.events.some(({ type }) => type === "store-trouble")).toBe(true);
  });
});
