import { describe, expect, it } from "vitest";
import { InvalidTokenResponseError, LoginRequiredError } from "../src/errors/refresh-errors.ts";
import { TokenRequestError } from "../src/errors/token-request-error.ts";
import type { TokenflightError } from "../src/errors/tokenflight-error.ts";

import { memoryStore } from "../src/store/memory-store.ts";
import type { TokenSet } from "../src/tokens/token-set.ts";
import type { TokenSource } from "../src/tokens/token-source.ts";
import { FaultyStore } from "./faulty-store.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { response, setUp, type SetUp } from "./set-up.ts";
import { StrictServer } from "./strict-server.ts";
import { RandomClock, settle, TestClock } from "./test-clock.ts";

hashAtOnce();

/** Answers that hold a new refresh token and are of no use otherwise, as a token source tells them. */
const failures: [string, TokenflightError][] = [
  ["an unusable access token", new InvalidTokenResponseError("Odd.", { refreshToken: "refresh-2" })],
  ["an answer that was cut off", new TokenRequestError("unknown", "Cut off.", { refreshToken: "refresh-2" })],
  ["an answer with a status of refusal", new TokenRequestError("refused", "No.", { status: 400, refreshToken: "refresh-2" })],
  ["an answer with a status of throttling", new TokenRequestError("throttled", "Later.", { status: 429, refreshToken: "refresh-2" })],
];

/** A login whose access token ends in 235 s. Its refresh ahead is under way. */
async function refreshingAhead(options: Parameters<typeof setUp>[0] = {}): Promise<SetUp> {
  const all = setUp({ clock: new RandomClock(), ...options });
  await all.tokens.save(response("1"));
  await all.clock.advance(3_365_000);
  all.tokens.peek();
  await settle();
  expect(all.hand.calls).toHaveLength(1);
  return all;
}

describe.each([
  ["in memory", () => ({})],
  ["in a store", () => ({ store: memoryStore(), key: "user" })],
])("a new refresh token that comes with a failure, %s (field line 99)", (_, place) => {
  it.each(failures)(
    "of %s is kept: the old access token is sent while it is good, and the next attempt has the new one",
    async (__, failure) => {
      const { tokens, hand, clock, events } = await refreshingAhead(place());
      hand.last.fail(failure);
      await settle();
      expect(tokens.peek()?.accessToken).toBe("access-1");
      expect(events.at(-1)).toMatchObject({ type: "refresh-failed", error: failure });

      // Nobody doubts whether the new one was used up, so a refresh ahead sends it.
      await clock.advance(3000);
      expect(tokens.peek()?.accessToken).toBe("access-1");
      await settle();
      expect(hand.calls).toHaveLength(2);
      expect(hand.last.context).toMatchObject({ urgency: "ahead", previous: { accessToken: "access-1", refreshToken: "refresh-2" } });
      hand.last.give(response("3"));
      await settle();
      expect(tokens.peek()?.accessToken).toBe("access-3");
    },
  );

  it.each([
    ["a null", null],
    ["an empty text", ""],
    ["a number", 42],
    ["a list", ["refresh-2"]],
    ["longer than any token", "x".repeat(262_145)],
  ])("that is no token, %s, counts as none: the one that there is stays", async (__, refreshToken) => {
    for (const failure of [
      new TokenRequestError("refused", "No.", { refreshToken: refreshToken as string }),
      new InvalidTokenResponseError("Odd.", { refreshToken: refreshToken as string }),
    ]) {
      const { tokens, hand, clock } = await refreshingAhead(place());
      hand.last.fail(failure);
      await clock.advance(3_600_000);
      tokens.get().catch(() => {});
      await settle();
      expect(hand.last.context.previous?.refreshToken).toBe("refresh-1");
      hand.last.give(response("3"));
      await settle();
      expect(tokens.peek()?.accessToken).toBe("access-3");
    }
  });

  it("is kept however many answers in a row are odd", async () => {
    const { tokens, hand, clock } = await refreshingAhead(place());
    for (let count = 2; count < 8; count += 1) {
      expect(hand.last.context.previous?.refreshToken).toBe(`refresh-${count - 1}`);
      hand.last.fail(new InvalidTokenResponseError("Odd.", { refreshToken: `refresh-${count}` }));
      await clock.advance(3_600_000);
      tokens.get().catch(() => {});
      await settle();
      expect(hand.calls).toHaveLength(count);
    }
  });

  it("of a login that had only a refresh token is kept as well", async () => {
    const { tokens, hand, clock } = setUp(place());
    await tokens.save({ refresh_token: "refresh-1" });
    const got = new Outcome(tokens.get());
    await settle();
    hand.last.fail(new InvalidTokenResponseError("Odd.", { refreshToken: "refresh-2" }));
    await settle();
    expect(got.code).toBe("ERR_INVALID_TOKEN_RESPONSE");
    expect(tokens.peek()).toBeUndefined();
    expect(tokens.status().state).toBe("logged-in");
    await clock.advance(60_000);
    tokens.get().catch(() => {});
    await settle();
    expect(hand.last.context.previous?.refreshToken).toBe("refresh-2");
    hand.last.give(response("3"));
    await settle();
  });

  it("is not sent by a login that came meanwhile", async () => {
    const { tokens, hand, clock } = await refreshingAhead(place());
    await tokens.save(response("saved"));
    hand.last.fail(new InvalidTokenResponseError("Odd.", { refreshToken: "refresh-2" }));
    await clock.advance(3_600_000);
    tokens.get().catch(() => {});
    await settle();
    expect(hand.last.context.previous?.refreshToken).toBe("refresh-saved");
    hand.last.give(response("3"));
    await settle();
  });

  it("does not undo a logout that came meanwhile", async () => {
    const { tokens, hand, clock } = await refreshingAhead(place());
    await tokens.forget();
    hand.last.fail(new InvalidTokenResponseError("Odd.", { refreshToken: "refresh-2" }));
    await clock.advance(60_000);
    tokens.get().catch(() => {});
    await settle();
    expect(hand.last.context.previous).toBeUndefined();
    hand.last.fail(new LoginRequiredError("Log in."));
    await settle();
  });

  it("after the timeout of the token request is kept, too", async () => {
    const { tokens, hand, clock } = await refreshingAhead(place());
    await clock.advance(20_000);
    hand.last.fail(new InvalidTokenResponseError("Odd.", { refreshToken: "refresh-2" }));
    await clock.advance(3_600_000);
    tokens.get().catch(() => {});
    await settle();
    expect(hand.last.context.previous?.refreshToken).toBe("refresh-2");
    hand.last.give(response("3"));
    await settle();
  });

  it("of an answer that a plain source gives whole is found in it", async () => {
    const { tokens, hand, clock } = await refreshingAhead(place());
    hand.last.give({ access_token: "not a token", refresh_token: "refresh-2" });
    await settle();
    expect(tokens.peek()?.accessToken).toBe("access-1");
    await clock.advance(300_000);
    tokens.get().catch(() => {});
    await settle();
    expect(hand.last.context.previous?.refreshToken).toBe("refresh-2");
    hand.last.give(response("3"));
    await settle();
  });
});

describe("a new refresh token that comes with a failure, in a store that others share (field line 99)", () => {
  const odd = new InvalidTokenResponseError("Odd.", { refreshToken: "refresh-2" });

  it("is sent by another cache, which sends the old access token until then", async () => {
    const store = memoryStore();
    const one = await refreshingAhead({ store, key: "user" });
    const other = setUp({ store, key: "user", clock: one.clock });
    one.hand.last.fail(odd);
    await settle();
    expect((await other.tokens.get()).accessToken).toBe("access-1");
    await one.clock.advance(300_000);
    const got = other.tokens.get();
    await settle();
    expect(other.hand.last.context.previous?.refreshToken).toBe("refresh-2");
    other.hand.last.give(response("3"));
    expect((await got).accessToken).toBe("access-3");
    expect((await one.tokens.get()).accessToken).toBe("access-3");
    expect(one.hand.calls).toHaveLength(1);
  });

  it("is sent by the next process when this one dies at once", async () => {
    const store = memoryStore();
    const one = await refreshingAhead({ store, key: "user" });
    one.hand.last.fail(odd);
    await settle();
    // Nothing of the first process is used any more.
    const clock = new TestClock();
    clock.setWall(one.clock.now() + 300_000);
    const next = setUp({ store, key: "user", clock });
    const got = next.tokens.get();
    await settle();
    expect(next.hand.last.context.previous).toMatchObject({ accessToken: "access-1", refreshToken: "refresh-2" });
    next.hand.last.give(response("3"));
    expect((await got).accessToken).toBe("access-3");
  });

  it("is not lost while the store is away: it is written once the store is back", async () => {
    const store = new FaultyStore();
    const one = await refreshingAhead({ store, key: "user" });
    [store.reads, store.writes] = ["fails", "fails"];
    one.hand.last.fail(odd);
    await one.clock.advance(2000);
    [store.reads, store.writes] = ["none", "none"];
    await one.clock.advance(20_000);
    expect(one.hand.calls).toHaveLength(1);
    const next = setUp({ store, key: "user", clock: one.clock });
    await one.clock.advance(300_000);
    const got = next.tokens.get();
    await settle();
    expect(next.hand.last.context.previous?.refreshToken).toBe("refresh-2");
    next.hand.last.give(response("3"));
    expect((await got).accessToken).toBe("access-3");
  });
});

it("no refresh token is sent twice to a strict server, however many of its answers are odd, over three caches (field line 99)", async () => {
  const store = memoryStore();
  const clock = new RandomClock();
  const server = new StrictServer();
  let answers = 0;
  const source: TokenSource = Object.assign(
    async ({ previous }: { previous?: TokenSet }) => {
      const answer = server.refresh(previous?.refreshToken, "answered");
      answers += 1;
      return answers % 3 === 0 ? answer : { ...answer, access_token: answers % 3 === 1 ? "two words" : (5 as never) };
    },
    { identity: "strict", requiresLogin: true },
  );
  const caches = Array.from({ length: 3 }, () => setUp({ store, key: "user", clock, source }).tokens);
  await caches[0]?.save(server.logIn());
  for (let round = 0; round < 300; round += 1) {
    await clock.advance(31_000);
    await Promise.allSettled(caches.map((tokens) => tokens.get()));
  }
  expect(answers).toBeGreaterThan(15);
  expect(server.seenTwice).toEqual([]);
  expect(caches.map((tokens) => tokens.status().state)).toEqual(["logged-in", "logged-in", "logged-in"]);
});
