import { describe, expect, it } from "vitest";
import { TokenRequestError } from "../src/errors/token-request-error.ts";
import { createTokenCache } from "../src/cache/create-token-cache.ts";
import type { TokenResponse } from "../src/tokens/token-response.ts";
import type { TokenSet } from "../src/tokens/token-set.ts";
import type { TokenSource } from "../src/tokens/token-source.ts";
import { HandSource } from "./hand-source.ts";
import { Outcome } from "./outcome.ts";
import { response, setUp, type SetUp } from "./set-up.ts";
import { settle, TestClock } from "./test-clock.ts";

/** A cache that holds a token which was just obtained. */
async function withToken(fields: Partial<TokenResponse> = {}, options: Parameters<typeof setUp>[0] = {}): Promise<SetUp> {
  const all = setUp(options);
  const first = all.tokens.get();
  await settle();
  all.hand.last.give(response("1", fields));
  await first;
  return all;
}

describe("peek", () => {
  it("has nothing at first, and starts nothing", async () => {
    const { tokens, hand } = setUp();
    expect(tokens.peek()).toBeUndefined();
    await settle();
    expect(hand.calls).toEqual([]);
  });

  it("gives the token in the same moment until its soft expiry, and asks for nothing", async () => {
    const { tokens, hand, clock } = await withToken();
    await clock.advance(3_299_999);
    expect(tokens.peek()?.accessToken).toBe("access-1");
    await settle();
    expect([hand.calls.length, clock.timers]).toEqual([1, 0]);
  });

  it("gives the token after its soft expiry too, and starts exactly one refresh in the background", async () => {
    const { tokens, hand, clock } = await withToken();
    await clock.advance(3_300_000);
    for (let index = 0; index < 1000; index += 1) expect(tokens.peek()?.accessToken).toBe("access-1");
    await settle();
    for (let index = 0; index < 1000; index += 1) expect(tokens.peek()?.accessToken).toBe("access-1");
    expect(hand.calls).toHaveLength(2);
    expect(hand.last.context).toMatchObject({ urgency: "ahead", reason: "expiring", previous: { refreshToken: "refresh-1" } });
    hand.last.give(response("2"));
    await settle();
    expect(tokens.peek()?.accessToken).toBe("access-2");
    expect(hand.calls).toHaveLength(2);
  });

  it("has nothing after the hard expiry", async () => {
    const { tokens, clock } = await withToken();
    await clock.advance(3_569_999);
    expect(tokens.peek()).toBeDefined();
    await clock.advance(1);
    expect(tokens.peek()).toBeUndefined();
  });

  it.each([
    [2, 1500, 1900],
    [30 * 86_400, (30 * 86_400 - 300) * 1000, (30 * 86_400 - 30) * 1000],
  ])("of a token of %d seconds has windows that fit", async (expires_in, soft, hard) => {
    const { tokens, hand, clock } = await withToken({ expires_in });
    clock.skip(soft - 1);
    tokens.peek();
    await settle();
    expect(hand.calls).toHaveLength(1);
    clock.skip(1);
    tokens.peek();
    await settle();
    expect(hand.calls).toHaveLength(2);
    clock.skip(hard - soft);
    expect(tokens.peek()).toBeUndefined();
  });

  it("of a token whose expiry nobody knows gives it for ever and never refreshes it", async () => {
    const { tokens, hand, clock } = await withToken({ expires_in: undefined });
    clock.skip(1e12);
    expect(tokens.peek()?.accessToken).toBe("access-1");
    await settle();
    expect(hand.calls).toHaveLength(1);
  });

  it("draws its jitter once per token, not once per look and not once per failure", async () => {
    const { tokens, hand, clock } = setUp();
    clock.chance = 0.5;
    const first = tokens.get();
    await settle();
    hand.last.give(response("1"));
    await first;
    const { draws } = clock;
    for (let index = 0; index < 100; index += 1) tokens.peek();
    clock.skip(3_329_999);
    tokens.peek();
    expect(clock.draws).toBe(draws);
    await settle();
    expect(hand.calls).toHaveLength(1);
    clock.skip(1);
    tokens.peek();
    await settle();
    expect(hand.calls).toHaveLength(2);
  });

  it("does not refresh in a loop when the window is longer than the token's life", async () => {
    const { tokens, hand, clock } = await withToken({ expires_in: 10 }, { freshness: { ahead: 11 } });
    for (let step = 0; step < 600; step += 1) {
      tokens.peek();
      await settle();
      hand.last.give(response(String(hand.calls.length), { expires_in: 10 }));
      await clock.advance(100);
    }
    // One refresh each time that half of the ten seconds are over, in a minute.
    expect(hand.calls.length).toBeLessThanOrEqual(13);
    expect(hand.calls.length).toBeGreaterThanOrEqual(11);
  });

  it("follows the wall clock when somebody sets it", async () => {
    const { tokens, clock } = await withToken();
    clock.setWall(clock.now() + 7_200_000);
    expect(tokens.peek()).toBeUndefined();
    clock.setWall(clock.now() - 7_200_000);
    expect(tokens.peek()?.accessToken).toBe("access-1");
  });
});

describe("a refresh ahead that fails", () => {
  it("leaves the token in use until its hard expiry and is tried again after each pause, not at each look", async () => {
    const { tokens, hand, clock, events } = await withToken();
    await clock.advance(3_300_000);
    for (let step = 0; step < 2600; step += 1) {
      expect(tokens.peek()?.accessToken).toBe("access-1");
      await settle();
      hand.last.fail(new TokenRequestError("refused", "No.", { error: "invalid_client" }));
      await clock.advance(100);
    }
    // In 260 seconds: at once, and after pauses of 1, 2, 4, 8, 16, 32, 64 and 128 seconds.
    expect(hand.calls).toHaveLength(1 + 9);
    expect(events.filter(({ type }) => type === "refresh-failed")).toHaveLength(hand.calls.length - 1);
  });
});

describe("a source that gives the same token until its end", () => {
  it("is not asked at each look, but a few times until then", async () => {
    const { tokens, hand, clock } = await withToken();
    const same = await tokens.get();
    await clock.advance(3_300_000);
    for (let step = 0; step < 2690; step += 1) {
      expect(tokens.peek()?.accessToken).toBe("access-1");
      await settle();
      hand.last.give(same);
      await clock.advance(100);
    }
    // Each time that half of what is left of the last 270 seconds is over.
    expect(hand.calls.length).toBeLessThanOrEqual(1 + 12);
    expect(hand.calls.length).toBeGreaterThanOrEqual(1 + 7);
  });
});

describe("get", () => {
  it("leaves nothing behind that waits, and says how long the token request took", async () => {
    const { tokens, hand, clock, events } = setUp();
    void tokens.get();
    await clock.advance(250);
    hand.last.give(response("1"));
    await settle();
    expect(events).toMatchObject([
      { type: "refresh-started", reason: "missing", urgency: "blocking" },
      { type: "token-obtained", duration: 250, generation: 1, token: tokens.peek()?.fingerprint },
    ]);
    expect(clock.timers).toBe(0);
  });

  it("asks the source once for 1,000 callers", async () => {
    const { tokens, hand, events } = setUp();
    const callers = Array.from({ length: 1000 }, () => tokens.get());
    await settle();
    expect(hand.calls).toHaveLength(1);
    expect(hand.last.context).toMatchObject({ urgency: "blocking", reason: "missing" });
    expect("previous" in hand.last.context).toBe(false);
    hand.last.give(response("1"));
    const given = await Promise.all(callers);
    expect(new Set(given)).toEqual(new Set([tokens.peek()]));
    expect(events.map(({ type }) => type)).toEqual(["refresh-started", "token-obtained"]);
    expect(hand.calls).toHaveLength(1);
  });

  it("hands out one promise per token while it is fresh", async () => {
    const { tokens, hand, clock } = await withToken();
    expect(tokens.get()).toBe(tokens.get());
    expect(await tokens.get()).toBe(tokens.peek());
    clock.skip(3_600_000);
    void tokens.get();
    await settle();
    hand.last.give(response("2"));
    await settle();
    expect((await tokens.get()).accessToken).toBe("access-2");
  });

  it("says why it asks: nothing there, or over", async () => {
    const { tokens, hand, clock } = await withToken();
    await clock.advance(3_600_000);
    void tokens.get();
    await settle();
    expect(hand.calls.map(({ context }) => context.reason)).toEqual(["missing", "expired"]);
    expect(hand.last.context.previous?.refreshToken).toBe("refresh-1");
    hand.last.give(response("2"));
    await settle();
  });

  it("joins the refresh ahead that is under way", async () => {
    const { tokens, hand, clock } = await withToken();
    await clock.advance(3_300_000);
    tokens.peek();
    await clock.advance(9_000);
    clock.skip(600_000);
    const waiting = new Outcome(tokens.get());
    await settle();
    expect(hand.calls).toHaveLength(2);
    hand.last.give(response("2"));
    await settle();
    expect(waiting.value?.accessToken).toBe("access-2");
  });

  it("with a token that is over when it comes asks once more, and then fails, for 1,000 callers even then", async () => {
    const { tokens, hand, clock } = setUp();
    const callers = Array.from({ length: 1000 }, () => new Outcome(tokens.get()));
    for (const asked of [1, 2]) {
      await settle();
      expect(hand.calls).toHaveLength(asked);
      clock.skip(5);
      hand.last.give(response(String(asked), { expires_at: 946_684_800 }));
    }
    await settle();
    expect(hand.calls).toHaveLength(2);
    expect(new Set(callers.map(({ code }) => code))).toEqual(new Set(["ERR_INVALID_TOKEN_RESPONSE"]));
    expect(tokens.peek()).toBeUndefined();
  });

  it("with a token whose lifetime is zero asks once for 1,000 callers, and sends it until it is refused", async () => {
    for (const fields of [{ expires_in: 0 }, { expires_in: "0" }, { expires_at: 0, expires_in: undefined }]) {
      const { tokens, hand, clock } = setUp();
      const callers = Array.from({ length: 1000 }, () => new Outcome(tokens.get()));
      await settle();
      hand.last.give(response("1", fields));
      await settle();
      expect(callers.every(({ value }) => value?.accessToken === "access-1")).toBe(true);
      clock.skip(1e9);
      expect(tokens.peek()?.accessToken).toBe("access-1");
      expect(hand.calls).toHaveLength(1);
    }
  });
});

describe("get with a minimum validity", () => {
  it("gives the token that is valid for long enough", async () => {
    const { tokens, hand, clock } = await withToken();
    await clock.advance(3_000_000);
    expect((await tokens.get({ minValidity: 600 })).accessToken).toBe("access-1");
    expect(hand.calls).toHaveLength(1);
  });

  it("refreshes one that is not, and everybody else keeps using it meanwhile", async () => {
    const { tokens, hand, clock } = await withToken();
    await clock.advance(3_000_000);
    const waiting = new Outcome(tokens.get({ minValidity: 601 }));
    await settle();
    expect([waiting.state, hand.last.context.reason]).toEqual(["pending", "min-validity"]);
    expect((await tokens.get()).accessToken).toBe("access-1");
    hand.last.give(response("2"));
    await settle();
    expect(waiting.value?.accessToken).toBe("access-2");
  });

  it("that no token can have asks once for 1,000 callers and gives what came", async () => {
    const { tokens, hand, clock } = await withToken();
    clock.skip(1000);
    const callers = Array.from({ length: 1000 }, () => new Outcome(tokens.get({ minValidity: 7200 })));
    await settle();
    hand.last.give(response("2"));
    await settle();
    expect(hand.calls).toHaveLength(2);
    expect(callers.every(({ value }) => value?.accessToken === "access-2")).toBe(true);
  });

  it("is satisfied with a token whose expiry nobody knows", async () => {
    const { tokens, hand } = await withToken({ expires_in: undefined });
    await tokens.get({ minValidity: 1e9 });
    expect(hand.calls).toHaveLength(1);
  });

  it.each([-1, Number.NaN, "soon" as unknown as number])("of %s is refused", async (minValidity) => {
    const { tokens, hand } = await withToken();
    await expect(tokens.get({ minValidity })).rejects.toMatchObject({ code: "ERR_INVALID_OPTION", option: "minValidity" });
    expect(hand.calls).toHaveLength(1);
  });
});

describe("a caller who gives up", () => {
  it("before anything was asked gets its signal's reason, and nothing is asked", async () => {
    const { tokens, hand } = setUp();
    const reason = new Error("enough");
    await expect(tokens.get({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await settle();
    expect(hand.calls).toEqual([]);
  });

  it("while it waits is the only one who notices", async () => {
    const { tokens, hand } = setUp();
    const controllers = Array.from({ length: 1000 }, () => new AbortController());
    const callers = controllers.map(({ signal }) => new Outcome(tokens.get({ signal })));
    await settle();
    controllers[0]?.abort("the first");
    controllers[500]?.abort();
    await settle();
    expect(callers[0]?.reason).toBe("the first");
    expect(callers[500]?.reason).toMatchObject({ name: "AbortError" });
    expect(callers.filter(({ state }) => state === "rejected")).toHaveLength(2);
    expect(hand.last.context.signal.aborted).toBe(false);
    hand.last.give(response("1"));
    await settle();
    expect(callers.filter(({ value }) => value?.accessToken === "access-1")).toHaveLength(998);
    expect(hand.calls).toHaveLength(1);
  });

  it("as the only one leaves the refresh under way, and its token is there for the next one", async () => {
    const { tokens, hand } = setUp();
    const controller = new AbortController();
    const outcome = new Outcome(tokens.get({ signal: controller.signal }));
    await settle();
    controller.abort();
    await settle();
    expect(outcome.state).toBe("rejected");
    expect(hand.last.context.signal.aborted).toBe(false);
    hand.last.give(response("1"));
    await settle();
    expect(tokens.peek()?.accessToken).toBe("access-1");
  });

  it("as the only one causes no unhandled rejection when the refresh fails later", async () => {
    const { tokens, hand } = setUp();
    const controller = new AbortController();
    const outcome = new Outcome(tokens.get({ signal: controller.signal }));
    await settle();
    controller.abort("enough");
    await settle();
    // An unhandled rejection would fail this run.
    hand.last.fail(new Error("no"));
    await settle();
    expect(outcome.reason).toBe("enough");
  });
});

describe("a failed refresh", () => {
  it("rejects each waiter once, with one and the same error", async () => {
    const { tokens, hand, events } = setUp();
    const callers = Array.from({ length: 1000 }, () => new Outcome(tokens.get()));
    await settle();
    const cause = new Error("no");
    hand.last.fail(cause);
    await settle();
    expect(callers.every(({ state }) => state === "rejected")).toBe(true);
    expect(new Set(callers.map(({ reason }) => reason)).size).toBe(1);
    expect(callers[0]?.reason).toBeInstanceOf(TokenRequestError);
    expect(callers[0]?.reason).toMatchObject({ code: "ERR_TOKEN_REQUEST_UNKNOWN", cause });
    expect(events).toEqual([
      { type: "refresh-started", reason: "missing", urgency: "blocking" },
      { type: "refresh-failed", reason: "missing", error: callers[0]?.reason, retryIn: 1000 },
    ]);
  });

  it("fails those who come during the pause at once, with the same error and without asking", async () => {
    const { tokens, hand, clock } = setUp();
    const first = new Outcome(tokens.get());
    await settle();
    hand.last.fail(new Error("no"));
    await clock.advance(999);
    const callers = Array.from({ length: 100 }, () => new Outcome(tokens.get()));
    await settle();
    expect(callers.every(({ reason }) => reason === first.reason)).toBe(true);
    expect(hand.calls).toHaveLength(1);
  });

  it("is forgotten after the pause: the next one asks again, and its success counts", async () => {
    const { tokens, hand, clock } = setUp();
    void tokens.get().catch(() => {});
    await settle();
    hand.last.fail(new Error("no"));
    await clock.advance(1000);
    const next = new Outcome(tokens.get());
    await settle();
    expect(hand.calls).toHaveLength(2);
    hand.last.give(response("1"));
    await settle();
    expect(next.value?.accessToken).toBe("access-1");
  });

  it("makes the pauses grow, and a success makes them short again", async () => {
    const { tokens, hand, clock, events } = setUp();
    for (const pause of [1000, 2000, 4000, 8000]) {
      void tokens.get().catch(() => {});
      await settle();
      hand.last.fail(new Error("no"));
      await clock.advance(pause);
    }
    void tokens.get();
    await settle();
    hand.last.give(response("1", { expires_in: 2 }));
    await clock.advance(2000);
    void tokens.get().catch(() => {});
    await settle();
    hand.last.fail(new Error("no"));
    await settle();
    const pauses = events.flatMap((event) => (event.type === "refresh-failed" ? [event.retryIn] : []));
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 1000]);
  });

  it.each<[string, TokenSource]>([
    [
      "throws at once",
      (() => {
        throw new Error("no");
      }) as TokenSource,
    ],
    ["rejects with nothing", () => Promise.reject()],
    ["gives nothing", (() => Promise.resolve()) as unknown as TokenSource],
    ["gives null", (() => Promise.resolve(null)) as unknown as TokenSource],
    ["gives an empty object", () => Promise.resolve({} as TokenResponse)],
    ["gives an empty token", () => Promise.resolve({ access_token: "" })],
    ["gives null for a token", () => Promise.resolve({ access_token: null } as unknown as TokenResponse)],
  ])("of a source that %s is an error of ours, and nothing is sent", async (_, source) => {
    const tokens = createTokenCache({ source, clock: new TestClock() });
    await expect(tokens.get()).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_(TOKEN_REQUEST_UNKNOWN|INVALID_TOKEN_RESPONSE)$/),
    });
    expect(tokens.peek()).toBeUndefined();
  });
});

describe("a token request that was not sent", () => {
  it("is repeated at once, twice at most, for as many callers as there are", async () => {
    const { tokens, hand, clock } = setUp();
    const callers = Array.from({ length: 100 }, () => new Outcome(tokens.get()));
    await settle();
    for (const pause of [100, 400, 0]) {
      hand.last.fail(new TokenRequestError("not-sent", "Connection refused."));
      await clock.advance(pause);
    }
    expect(hand.calls).toHaveLength(3);
    expect(callers.every(({ reason }) => (reason as TokenRequestError).outcome === "not-sent")).toBe(true);
  });

  it("succeeds in the second attempt, and nobody notices", async () => {
    const { tokens, hand, clock } = setUp();
    const outcome = new Outcome(tokens.get());
    await settle();
    hand.last.fail(new TokenRequestError("not-sent", "Connection refused."));
    await clock.advance(100);
    hand.last.give(response("1"));
    await settle();
    expect(outcome.value?.accessToken).toBe("access-1");
  });
});

describe("a throttled token request", () => {
  it("is repeated once after Retry-After while a crowd waits", async () => {
    const { tokens, hand, clock } = setUp();
    const callers = Array.from({ length: 100 }, () => new Outcome(tokens.get()));
    await settle();
    hand.last.fail(new TokenRequestError("throttled", "Later.", { retryAfter: 3000 }));
    await clock.advance(1500);
    callers.push(new Outcome(tokens.get()));
    await clock.advance(1499);
    expect(hand.calls).toHaveLength(1);
    await clock.advance(1);
    expect(hand.calls).toHaveLength(2);
    hand.last.give(response("1"));
    await settle();
    expect(callers.every(({ value }) => value?.accessToken === "access-1")).toBe(true);
  });

  it("with a Retry-After beyond the timeout fails at once, and stays failed until then", async () => {
    const { tokens, hand, clock } = setUp();
    const outcome = new Outcome(tokens.get());
    await settle();
    hand.last.fail(new TokenRequestError("throttled", "Later.", { retryAfter: 60_000 }));
    await settle();
    expect(outcome.code).toBe("ERR_TOKEN_REQUEST_THROTTLED");
    await clock.advance(30_000);
    await expect(tokens.get()).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST_THROTTLED" });
    await clock.advance(30_000);
    void tokens.get();
    await settle();
    expect(hand.calls).toHaveLength(2);
    hand.last.give(response("1"));
    await settle();
  });

  it("is repeated even when the clock of the queue is a moment behind", async () => {
    const clock = new TestClock();
    const { tokens, hand } = setUp({
      clock,
      observe: (event) => {
        // An observer that takes its time, between the note of the pause and the hold of the endpoint.
        if (event.type === "refresh-failed") clock.skip(3);
      },
    });
    const outcome = new Outcome(tokens.get());
    await settle();
    hand.last.fail(new TokenRequestError("throttled", "Later.", { retryAfter: 3000 }));
    await clock.advance(4000);
    hand.last.give(response("1"));
    await settle();
    expect([outcome.state, outcome.reason]).toEqual(["resolved", undefined]);
  });
});

describe("a source that never answers", () => {
  it("is given up after the timeout, and the queue is free for the next attempt", async () => {
    const { tokens, hand, clock } = setUp({ timeouts: { request: 2 } });
    const outcome = new Outcome(tokens.get());
    await clock.advance(2000);
    expect(outcome.code).toBe("ERR_TOKEN_REQUEST_UNKNOWN");
    expect(hand.last.context.signal.aborted).toBe(true);
    await clock.advance(1000);
    void tokens.get();
    await settle();
    expect(hand.calls).toHaveLength(2);
    hand.last.give(response("2"));
    await settle();
    expect(tokens.peek()?.accessToken).toBe("access-2");
  });

  it("but answers late has its token kept: nobody asks again", async () => {
    const { tokens, hand, clock } = setUp();
    const outcome = new Outcome(tokens.get());
    await clock.advance(10_000);
    expect(outcome.state).toBe("rejected");
    hand.last.give(response("late"));
    await settle();
    const next = new Outcome(tokens.get());
    await settle();
    expect(next.value?.accessToken).toBe("access-late");
    expect(hand.calls).toHaveLength(1);
  });

  it("but answers late with the token of a refresh ahead has it kept as well", async () => {
    const { tokens, hand, clock } = await withToken();
    await clock.advance(3_300_000);
    tokens.peek();
    await clock.advance(10_000);
    hand.last.give(response("late"));
    await clock.advance(1000);
    tokens.peek();
    await settle();
    expect(tokens.peek()?.accessToken).toBe("access-late");
    expect(hand.calls).toHaveLength(2);
  });

  it("but answers late, after somebody else's newer token, changes nothing", async () => {
    const { tokens, hand, clock } = setUp();
    void tokens.get().catch(() => {});
    await clock.advance(11_000);
    const next = new Outcome(tokens.get());
    await settle();
    const [first, second] = hand.calls;
    second?.give(response("2"));
    await settle();
    first?.give(response("1"));
    await settle();
    expect([next.value?.accessToken, tokens.peek()?.accessToken]).toEqual(["access-2", "access-2"]);
  });
});

it("carries over what refresh responses leave out, from refresh to refresh", async () => {
  const { tokens, hand, clock } = await withToken({ scope: "read", id_token: "id-1", sid: "session" });
  let held: TokenSet | undefined;
  for (const answer of [{ access_token: "2" }, { access_token: "3", refresh_token: "rotated" }, { access_token: "4", scope: "less" }]) {
    clock.skip(3_600_000);
    void tokens.get();
    await settle();
    hand.last.give({ ...answer, expires_in: 3600 });
    await settle();
    held = tokens.peek();
  }
  expect([held?.accessToken, held?.refreshToken, held?.scope, held?.idToken, held?.extra["sid"]]).toEqual([
    "4",
    "rotated",
    "less",
    "id-1",
    "session",
  ]);
});

it("tells of nothing secret in its events", async () => {
  const { tokens, hand, events } = await withToken();
  void tokens.renew((await tokens.get()) satisfies TokenSet).catch(() => {});
  await settle();
  hand.last.fail(new Error("no"));
  await settle();
  await tokens.save(response("saved"));
  await tokens.forget();
  expect(new Set(events.map(({ type }) => type))).toEqual(
    new Set(["refresh-started", "token-obtained", "token-refused", "refresh-failed", "token-saved", "token-forgotten"]),
  );
  expect(JSON.stringify(events)).not.toMatch(/access-|refresh-(1|saved)/);
});

it("lets no observer that throws disturb a caller", async () => {
  const hand = new HandSource();
  const observe = (): never => {
    throw new Error("The log is full.");
  };
  const { tokens } = setUp({ hand, observe });
  const outcome = new Outcome(tokens.get());
  await settle();
  hand.last.give(response("1"));
  await settle();
  expect(outcome.value?.accessToken).toBe("access-1");
});
