import { describe, expect, it } from "vitest";
import { createTokenCache } from "../src/cache/create-token-cache.ts";
import { InvalidTokenResponseError, LoginRequiredError } from "../src/errors/refresh-errors.ts";
import { TokenRequestError } from "../src/errors/token-request-error.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import { TokenSet } from "../src/tokens/token-set.ts";
import { HandSource } from "./hand-source.ts";
import { Outcome } from "./outcome.ts";
import { response, setUp } from "./set-up.ts";
import { RandomClock, settle } from "./test-clock.ts";

describe("a required login", () => {
  it("is told to everybody, and the source is not asked any more", async () => {
    const { tokens, hand, clock, events } = setUp();
    const callers = Array.from({ length: 100 }, () => new Outcome(tokens.get()));
    await settle();
    const error = new LoginRequiredError("The refresh token is over.", { error: "invalid_grant", errorDescription: "revoked" });
    hand.last.fail(error);
    await settle();
    expect(callers.every(({ reason }) => reason === error)).toBe(true);
    for (let hours = 0; hours < 5; hours += 1) {
      await clock.advance(3_600_000);
      await expect(tokens.get()).rejects.toMatchObject({
        code: "ERR_LOGIN_REQUIRED",
        message: "Nobody is logged in: a login is required.",
        error: "invalid_grant",
        errorDescription: "revoked",
      });
    }
    expect(hand.calls).toHaveLength(1);
    expect(events.filter(({ type }) => type !== "refresh-started")).toEqual([{ type: "login-required", error }]);
  });

  it("leaves the old access token in use until its hard expiry", async () => {
    const { tokens, hand, clock } = setUp();
    await tokens.save(response("1"));
    clock.skip(3_300_000);
    tokens.peek();
    await settle();
    hand.last.fail(new LoginRequiredError("Over."));
    await settle();
    for (let seconds = 0; seconds < 269; seconds += 1) {
      expect(tokens.peek()?.accessToken).toBe("access-1");
      expect((await tokens.get()).accessToken).toBe("access-1");
      await clock.advance(1000);
    }
    clock.skip(1000);
    expect(tokens.peek()).toBeUndefined();
    await expect(tokens.get()).rejects.toBeInstanceOf(LoginRequiredError);
    expect(hand.calls).toHaveLength(1);
  });

  it("is over after a login", async () => {
    const { tokens, hand } = setUp();
    void tokens.get().catch(() => {});
    await settle();
    hand.last.fail(new LoginRequiredError("Over."));
    await settle();
    await tokens.save(response("1"));
    expect((await tokens.get()).accessToken).toBe("access-1");
    const renewed = new Outcome(tokens.renew(await tokens.get()));
    await settle();
    hand.last.give(response("2"));
    await settle();
    expect([renewed.value?.accessToken, hand.calls.length]).toEqual(["access-2", 2]);
  });
});

describe("a login", () => {
  it("gives its tokens to everybody from then on", async () => {
    const { tokens, hand, events } = setUp();
    const saved = await tokens.save(response("1", { sid: "s" }));
    expect(tokens.peek()?.accessToken).toBe(saved.accessToken);
    expect((await tokens.get()).extra["sid"]).toBe("s");
    expect(hand.calls).toEqual([]);
    expect(events).toEqual([{ type: "token-saved", token: saved.fingerprint, expiresAt: saved.expiresAt, generation: 1 }]);
  });

  it("tells of no access token and no expiry where it begins with a refresh token alone, as status() does", async () => {
    const { tokens, events } = setUp();
    await tokens.save({ refresh_token: "R" });
    expect(events).toEqual([{ type: "token-saved", token: "", expiresAt: undefined, generation: 1 }]);
    expect(tokens.status().expiresAt).toBeUndefined();
  });

  it("takes nothing over from the session before", async () => {
    const { tokens } = setUp();
    await tokens.save(response("1", { sid: "s", scope: "read", id_token: "i" }));
    await tokens.save({ access_token: "2" });
    const { refreshToken, idToken, scope, extra } = await tokens.get();
    expect([refreshToken, idToken, scope, extra["sid"]]).toEqual([undefined, undefined, undefined, undefined]);
  });

  it("during a refresh wins over the refresh's result", async () => {
    const { tokens, hand, events } = setUp();
    const waiting = new Outcome(tokens.get());
    await settle();
    await tokens.save(response("saved"));
    expect(tokens.peek()?.accessToken).toBe("access-saved");
    hand.last.give(response("refreshed"));
    await settle();
    expect([waiting.value?.accessToken, tokens.peek()?.accessToken]).toEqual(["access-saved", "access-saved"]);
    expect(events.map(({ type }) => type)).toEqual(["refresh-started", "token-saved"]);
  });

  it.each([new LoginRequiredError("Over."), new Error("no")])(
    "during a refresh that fails with %s saves those who wait for it",
    async (error) => {
      const { tokens, hand, events } = setUp();
      const waiting = new Outcome(tokens.get());
      await settle();
      await tokens.save(response("saved"));
      hand.last.fail(error);
      await settle();
      expect(waiting.value?.accessToken).toBe("access-saved");
      expect(hand.calls).toHaveLength(1);
      expect(events.map(({ type }) => type)).toEqual(["refresh-started", "token-saved"]);
    },
  );

  it("with the very token that was refused before is believed", async () => {
    const { tokens, hand, events } = setUp({ clock: new RandomClock() });
    const first = await tokens.save(response("1"));
    void tokens.renew(first).catch(() => {});
    await settle();
    hand.last.fail(new LoginRequiredError("Over."));
    await settle();
    const again = await tokens.save(response("1"));
    expect(tokens.peek()?.accessToken).toBe("access-1");
    void tokens.renew(again).catch(() => {});
    await settle();
    expect(events.filter(({ type }) => type === "token-refused")).toHaveLength(2);
    hand.last.give(response("2"));
    await settle();
  });

  it("with tokens that no header can carry is refused, and what was there stays", async () => {
    const { tokens } = setUp();
    await tokens.save(response("1"));
    const odd = new TokenSet({ accessToken: "a\r\nx: y", tokenType: "Bearer", issuedAt: 0 });
    for (const given of [{ access_token: "a\r\nx: y" }, odd, {} as { access_token: string }, null as unknown as TokenSet]) {
      await expect(tokens.save(given)).rejects.toBeInstanceOf(InvalidTokenResponseError);
    }
    expect(tokens.peek()?.accessToken).toBe("access-1");
  });

  it("takes a token set as well as a response", async () => {
    const { tokens, clock } = setUp();
    const given = new TokenSet({
      accessToken: "a",
      tokenType: "Bearer",
      issuedAt: clock.now(),
      expiresAt: clock.now() + 60_000,
      refreshToken: "r",
    });
    const saved = await tokens.save(given);
    expect([saved.accessToken, saved.refreshToken, saved.expiresAt]).toEqual(["a", "r", given.expiresAt]);
    expect(tokens.peek()?.refreshToken).toBe("r");
  });

  it("of many at once leaves the tokens of the last generation with everybody", async () => {
    const { tokens, events } = setUp();
    await Promise.all(Array.from({ length: 20 }, (_, index) => tokens.save(response(String(index)))));
    const last = events.reduce((newest, event) =>
      "generation" in event && "generation" in newest && event.generation > newest.generation ? event : newest,
    );
    expect(last).toMatchObject({ token: tokens.peek()?.fingerprint, generation: 20 });
  });
});

describe("a logout", () => {
  it("leaves no token behind", async () => {
    const { tokens, hand, events } = setUp();
    await tokens.save(response("1"));
    await tokens.forget();
    expect(tokens.peek()).toBeUndefined();
    expect(events.at(-1)).toEqual({ type: "token-forgotten", generation: 2 });
    void tokens.get();
    await settle();
    expect("previous" in hand.last.context).toBe(false);
    hand.last.give(response("2"));
    await settle();
  });

  it("gives the tokens back when it is asked to, once they are forgotten", async () => {
    const given: (string | undefined)[] = [];
    const seen: unknown[] = [];
    const source = Object.assign(() => Promise.reject(new Error("no")), {
      identity: "test",
      async revoke(revoked: TokenSet): Promise<void> {
        given.push(revoked.refreshToken);
        seen.push(tokens.peek());
      },
    });
    const store = memoryStore();
    const tokens = createTokenCache({ source, store, key: "user" });
    await tokens.save(response("1"));
    // Another process has logged in since: what stands in the store is given back.
    await createTokenCache({ source, store, key: "user" }).save(response("2"));
    await tokens.forget({ revoke: true });
    await tokens.forget({ revoke: true });
    expect([given, seen]).toEqual([["refresh-2"], [undefined]]);
    await tokens.save(response("3"));
    await tokens.forget();
    expect(given).toHaveLength(1);
  });

  it("forgets the tokens even if they cannot be given back, and says so", async () => {
    const failure = new TokenRequestError("unknown", "It is away.");
    const source = Object.assign(() => Promise.reject(new Error("no")), { revoke: () => Promise.reject(failure) });
    const tokens = createTokenCache({ source });
    await tokens.save(response("1"));
    await expect(tokens.forget({ revoke: true })).rejects.toBe(failure);
    expect(tokens.peek()).toBeUndefined();
  });

  it("gives back what a refresh under way brings, because the tokens before it are used up", async () => {
    const given: (string | undefined)[] = [];
    const hand = new HandSource();
    hand.source.revoke = async ({ refreshToken }) => void given.push(refreshToken);
    const { tokens } = setUp({ hand });
    await tokens.save(response("1"));
    const waiting = new Outcome(tokens.renew(await tokens.get()));
    await settle();
    const logout = new Outcome(tokens.forget({ revoke: true }));
    await settle();
    expect([given, logout.state]).toEqual([[], "pending"]);
    hand.last.give(response("2"));
    await settle();
    expect([given, logout.state, waiting.value?.accessToken]).toEqual([["refresh-2"], "resolved", "access-2"]);
    expect(tokens.peek()).toBeUndefined();
  });

  it("forgets nothing when it cannot do what it is asked to", async () => {
    const { tokens } = setUp();
    await tokens.save(response("1"));
    for (const wrong of [{ revoke: true }, { revoked: true } as object]) {
      await expect(tokens.forget(wrong)).rejects.toMatchObject({ code: "ERR_INVALID_OPTION" });
    }
    expect(tokens.peek()).toBeDefined();
  });

  it("during a refresh is not undone by its result", async () => {
    const { tokens, hand } = setUp();
    const waiting = new Outcome(tokens.get());
    await settle();
    await tokens.forget();
    hand.last.give(response("late"));
    await settle();
    expect(waiting.reason).toBeInstanceOf(LoginRequiredError);
    expect(tokens.peek()).toBeUndefined();
  });

  it.each([new Error("no"), new LoginRequiredError("Over.")])(
    "during a refresh that fails with %s is followed by no other one",
    async (error) => {
      const { tokens, hand, clock, events } = setUp();
      await tokens.save(response("1"));
      clock.skip(3_300_000);
      tokens.peek();
      await settle();
      const waiting = new Outcome(tokens.get({ minValidity: 600 }));
      await tokens.forget();
      hand.last.fail(error);
      await clock.advance(60_000);
      expect(waiting.reason).toBeInstanceOf(LoginRequiredError);
      expect(hand.calls).toHaveLength(1);
      expect(events.map(({ type }) => type)).toEqual(["token-saved", "refresh-started", "token-forgotten"]);
    },
  );

  it("during a refresh that comes after its deadline is not undone either", async () => {
    const { tokens, hand, clock } = setUp();
    const waiting = new Outcome(tokens.get());
    await clock.advance(10_000);
    expect(waiting.state).toBe("rejected");
    await tokens.forget();
    hand.last.give(response("late"));
    await settle();
    expect(tokens.peek()).toBeUndefined();
    const next = new Outcome(tokens.get());
    await settle();
    expect([next.state, hand.calls.length]).toEqual(["pending", 2]);
    hand.last.give(response("2"));
    await settle();
    expect(next.value?.accessToken).toBe("access-2");
  });

  it("during a refresh ahead lets the next caller begin anew", async () => {
    const { tokens, hand, clock } = setUp();
    await tokens.save(response("1"));
    clock.skip(3_300_000);
    tokens.peek();
    await settle();
    await tokens.forget();
    const next = new Outcome(tokens.get());
    await settle();
    expect(hand.calls).toHaveLength(2);
    expect("previous" in hand.last.context).toBe(false);
    hand.calls[0]?.give(response("of the old session"));
    await settle();
    expect([next.state, tokens.peek()]).toEqual(["pending", undefined]);
    hand.last.give(response("2"));
    await settle();
    expect([next.value?.accessToken, tokens.peek()?.accessToken]).toEqual(["access-2", "access-2"]);
  });
});
