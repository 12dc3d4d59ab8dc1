import { describe, expect, it } from "vitest";
import { createTokenEndpointQueue } from "../src/endpoint/endpoint-queue.ts";
import { LoginRequiredError } from "../src/errors/refresh-errors.ts";
import { TokenRequestError } from "../src/errors/token-request-error.ts";
import type { TokenResponse } from "../src/tokens/token-response.ts";
import type { TokenSet } from "../src/tokens/token-set.ts";
import { type HandSource } from "./hand-source.ts";
import { Outcome } from "./outcome.ts";
import { response, setUp, type SetUp } from "./set-up.ts";
import { settle } from "./test-clock.ts";

async function logIn(options: Parameters<typeof setUp>[0] = {}, fields: Partial<TokenResponse> = {}): Promise<SetUp & { first: TokenSet }> {
  const all = setUp(options);
  return { ...all, first: await all.tokens.save(response("1", fields)) };
}

async function give(hand: HandSource, name: string): Promise<void> {
  await settle();
  hand.last.give(response(name));
  await settle();
}

describe("a refused token", () => {
  it("is renewed once for 1,000 callers, and no longer served meanwhile", async () => {
    const { tokens, hand, first, events } = await logIn();
    const callers = Array.from({ length: 1000 }, () => new Outcome(tokens.renew(first)));
    await settle();
    expect(tokens.peek()).toBeUndefined();
    expect(hand.calls).toHaveLength(1);
    expect(hand.last.context).toMatchObject({ reason: "refused", urgency: "blocking", previous: first });
    await give(hand, "2");
    expect(callers.every(({ value }) => value === tokens.peek())).toBe(true);
    expect(tokens.peek()?.accessToken).toBe("access-2");
    expect(events.filter(({ type }) => type === "token-refused")).toEqual([{ type: "token-refused", token: first.fingerprint }]);
  });

  it("that is not the current one any more is answered by the current one, without a refresh", async () => {
    const { tokens, hand, first, events } = await logIn();
    const second = await tokens.save(response("2"));
    expect(await tokens.renew(first)).toBe(tokens.peek());
    expect((await tokens.renew(first)).accessToken).toBe(second.accessToken);
    await settle();
    expect(hand.calls).toEqual([]);
    expect(events.some(({ type }) => type === "token-refused")).toBe(false);
  });

  it("is told apart by its text, whichever object it comes in", async () => {
    const { tokens, hand } = await logIn();
    const copy = await setUp().tokens.save(response("1", { refresh_token: "other" }));
    void tokens.renew(copy);
    await settle();
    expect(hand.calls).toHaveLength(1);
    await give(hand, "2");
  });

  it("makes new requests wait for the refresh", async () => {
    const { tokens, hand, first } = await logIn();
    const renewed = new Outcome(tokens.renew(first));
    const waiting = new Outcome(tokens.get());
    await give(hand, "2");
    expect([renewed.value?.accessToken, waiting.value?.accessToken, hand.calls.length]).toEqual(["access-2", "access-2", 1]);
  });

  it("whose refusal comes late, while its successor is being renewed, joins that refresh and disturbs nothing", async () => {
    const { tokens, hand, first, events } = await logIn();
    const second = await tokens.save(response("2"));
    const renewed = new Outcome(tokens.renew(second));
    await settle();
    const late = new Outcome(tokens.renew(first));
    await settle();
    expect(hand.calls).toHaveLength(1);
    hand.last.give(response("2"));
    await settle();
    expect(renewed.code).toBe("ERR_NEW_TOKEN_REFUSED");
    expect(late.value?.accessToken).toBe("access-2");
    expect(events.filter(({ type }) => type === "token-refused")).toHaveLength(1);
    expect(hand.calls).toHaveLength(1);
  });

  it("that is over already is renewed like every other", async () => {
    const { tokens, hand, first, clock } = await logIn();
    clock.skip(3_600_000);
    const renewed = new Outcome(tokens.renew(first));
    await give(hand, "2");
    expect(renewed.value?.accessToken).toBe("access-2");
  });

  it("of another cache is renewed by a cache that has none yet", async () => {
    const { first } = await logIn();
    const { tokens, hand } = setUp();
    const renewed = new Outcome(tokens.renew(first));
    await give(hand, "2");
    expect(renewed.value?.accessToken).toBe("access-2");
  });

  it("may have its own renewal refused, which is another one", async () => {
    const { tokens, hand, first } = await logIn();
    const renewed = tokens.renew(first);
    await give(hand, "2");
    const again = new Outcome(tokens.renew(await renewed));
    await give(hand, "3");
    expect([again.value?.accessToken, hand.calls.length]).toEqual(["access-3", 2]);
  });

  it("does not wait for a caller who gives up", async () => {
    const { tokens, hand, first } = await logIn();
    const controller = new AbortController();
    const [left, stays] = [new Outcome(tokens.renew(first, { signal: controller.signal })), new Outcome(tokens.renew(first))];
    await settle();
    controller.abort("enough");
    await settle();
    expect([left.reason, stays.state]).toEqual(["enough", "pending"]);
    await expect(tokens.renew(first, { signal: AbortSignal.abort("before") })).rejects.toBe("before");
    await give(hand, "2");
    expect([stays.value?.accessToken, hand.last.context.signal.aborted]).toEqual(["access-2", false]);
  });
});

describe("a renewal during a refresh ahead", () => {
  it("joins it and raises it in the queue", async () => {
    const queue = createTokenEndpointQueue({ concurrency: 1 });
    const running = Promise.withResolvers<void>();
    const order: string[] = [];
    void queue.run(() => running.promise, { id: "running", urgency: "blocking" });
    void queue.run(async () => void order.push("another ahead"), { id: "other", urgency: "ahead" });
    const { tokens, hand, clock, first } = await logIn({ queue });
    clock.skip(3_300_000);
    tokens.peek();
    await settle();
    const renewed = new Outcome(tokens.renew(first));
    await settle();
    running.resolve();
    await settle();
    order.push(`source, ${hand.last.context.urgency}`);
    expect(order).toEqual(["source, blocking"]);
    await give(hand, "2");
    expect([renewed.value?.accessToken, hand.calls.length]).toEqual(["access-2", 1]);
    expect(order).toEqual(["source, blocking", "another ahead"]);
  });

  it("that fails gives the old token back to its users", async () => {
    const { tokens, hand, clock, first } = await logIn();
    clock.skip(3_300_000);
    tokens.peek();
    await settle();
    const renewed = new Outcome(tokens.renew(first));
    expect(tokens.peek()).toBeUndefined();
    hand.last.fail(new Error("no"));
    await settle();
    expect(renewed.state).toBe("rejected");
    expect(tokens.peek()?.accessToken).toBe("access-1");
  });
});

describe("a renewal that fails", () => {
  it("gives the old token back as long as it is not over: the resource server decides", async () => {
    const { tokens, hand, first, clock } = await logIn();
    const renewed = new Outcome(tokens.renew(first));
    await settle();
    hand.last.fail(new Error("no"));
    await settle();
    expect(renewed.code).toBe("ERR_TOKEN_REQUEST_UNKNOWN");
    expect(tokens.peek()).toBe(await tokens.get());
    expect(tokens.peek()?.accessToken).toBe("access-1");
    clock.skip(3_600_000);
    expect(tokens.peek()).toBeUndefined();
  });

  it("makes the renewals of a crowd fail at once during the pause, without asking", async () => {
    const { tokens, hand, first, clock } = await logIn();
    const renewed = new Outcome(tokens.renew(first));
    await settle();
    hand.last.fail(new TokenRequestError("refused", "No.", { error: "invalid_client" }));
    await settle();
    for (let index = 0; index < 100; index += 1) {
      const other = new Outcome(tokens.renew(first));
      await settle();
      expect(other.reason).toBe(renewed.reason);
      expect(tokens.peek()?.accessToken).toBe("access-1");
    }
    expect(hand.calls).toHaveLength(1);
    await clock.advance(1000);
    const next = new Outcome(tokens.renew(first));
    await give(hand, "2");
    expect([next.value?.accessToken, hand.calls.length]).toEqual(["access-2", 2]);
  });

  it("because only a login helps does not give the refused token back", async () => {
    const { tokens, hand, first } = await logIn();
    const renewed = new Outcome(tokens.renew(first));
    await settle();
    hand.last.fail(new LoginRequiredError("Over."));
    await settle();
    expect(renewed.code).toBe("ERR_LOGIN_REQUIRED");
    expect(tokens.peek()).toBeUndefined();
    await expect(tokens.get()).rejects.toBeInstanceOf(LoginRequiredError);
    await expect(tokens.renew(first)).rejects.toBeInstanceOf(LoginRequiredError);
    expect(hand.calls).toHaveLength(1);
  });
});

describe("a source that gives the refused token again", () => {
  it("fails the renewal of 1,000 callers after one token request", async () => {
    const { tokens, hand, first, events } = await logIn();
    const callers = Array.from({ length: 1000 }, () => new Outcome(tokens.renew(first)));
    const getter = new Outcome(tokens.get());
    await give(hand, "1");
    expect(new Set(callers.map(({ code }) => code))).toEqual(new Set(["ERR_NEW_TOKEN_REFUSED"]));
    expect(getter.state).not.toBe("pending");
    expect(hand.calls).toHaveLength(1);
    expect(events.filter(({ type }) => type === "new-token-refused")).toEqual([
      { type: "new-token-refused", token: first.fingerprint, pause: 1000 },
    ]);
  });

  it("is asked again only after a pause, which grows", async () => {
    const { tokens, hand, first, clock } = await logIn();
    for (const pause of [1000, 2000, 4000]) {
      const asked = hand.calls.length;
      const renewed = new Outcome(tokens.renew(first));
      await give(hand, "1");
      expect(renewed.code).toBe("ERR_NEW_TOKEN_REFUSED");
      await clock.advance(pause - 1);
      await expect(tokens.renew(first)).rejects.toMatchObject({ code: "ERR_NEW_TOKEN_REFUSED" });
      expect(tokens.peek()?.accessToken).toBe("access-1");
      expect(hand.calls).toHaveLength(asked + 1);
      await clock.advance(1);
    }
  });
});

describe("an API that refuses new tokens too", () => {
  it("causes a refresh only after a pause, which grows from token to token and is over with the first success", async () => {
    const { tokens, hand, first, clock, events } = await logIn();
    let refused = first;
    for (const [index, pause] of [1000, 2000, 4000].entries()) {
      const renewed = tokens.renew(refused);
      await give(hand, String(index + 2));
      refused = await renewed;
      for (let times = 0; times < 10; times += 1) tokens.reportReplay(refused, false);
      await expect(tokens.renew(refused)).rejects.toMatchObject({ code: "ERR_NEW_TOKEN_REFUSED" });
      expect(tokens.peek()).toBe(refused);
      await clock.advance(pause - 1);
      await expect(tokens.renew(refused)).rejects.toMatchObject({ code: "ERR_NEW_TOKEN_REFUSED" });
      expect(hand.calls).toHaveLength(index + 1);
      await clock.advance(1);
    }
    const pauses = events.flatMap((event) => (event.type === "new-token-refused" ? [event.pause] : []));
    expect(pauses).toEqual([1000, 2000, 4000]);

    const renewed = tokens.renew(refused);
    await give(hand, "5");
    tokens.reportReplay(await renewed, true);
    const other = tokens.renew(await renewed);
    await give(hand, "6");
    tokens.reportReplay(await other, false);
    expect(events.at(-1)).toMatchObject({ type: "new-token-refused", pause: 1000 });
  });

  it("is not believed about a token that has been replaced meanwhile", async () => {
    const { tokens, hand, first, events } = await logIn();
    const second = tokens.renew(first);
    await give(hand, "2");
    const third = tokens.renew(await second);
    await give(hand, "3");
    tokens.reportReplay(await second, false);
    expect(events.some(({ type }) => type === "new-token-refused")).toBe(false);
    tokens.reportReplay(await third, false);
    tokens.reportReplay(await second, false);
    tokens.reportReplay(await second, true);
    await expect(tokens.renew(await third)).rejects.toMatchObject({ code: "ERR_NEW_TOKEN_REFUSED" });
    expect(events.filter(({ type }) => type === "new-token-refused")).toHaveLength(1);
    await tokens.forget();
    expect(() => tokens.reportReplay(first, false)).not.toThrow();
  });
});
