import { describe, expect, it, vi } from "vitest";
import { InvalidTokenResponseError, LoginRequiredError, StoreError } from "../src/errors/refresh-errors.ts";
import { TokenRequestError } from "../src/errors/token-request-error.ts";
import { TokenflightError } from "../src/errors/tokenflight-error.ts";
import type { TokenEvent } from "../src/events.ts";
import type { SubjectParts } from "../src/refresh/refresh.ts";
import { callSource, type SourceCall } from "../src/refresh/source-call.ts";
import { readTokenResponse } from "../src/tokens/token-response.ts";
import { TokenSet } from "../src/tokens/token-set.ts";
import type { SourceContext, TokenSource } from "../src/tokens/token-source.ts";
import { HandSource } from "./hand-source.ts";
import { Outcome } from "./outcome.ts";
import { partsOf, refreshOf } from "./parts.ts";
import { settle, TestClock } from "./test-clock.ts";

function call(
  source: TokenSource,
  more: Partial<SourceCall> = {},
  clock = new TestClock(),
  own: Partial<SubjectParts> = {},
): Promise<TokenSet> {
  return callSource(
    { ...partsOf(clock, own), source },
    { refresh: refreshOf(), reason: "missing", urgency: "blocking", timeout: 10_000, ...more },
  );
}

/** What a source may do wrong in plain JavaScript. */
const sloppy = (source: (context: SourceContext) => unknown): TokenSource => source as TokenSource;

describe("a token source", () => {
  it("is asked once, with the reason, the urgency and the token set before, and with nothing of ours", async () => {
    const previous = readTokenResponse({ access_token: "old" }, 0);
    const source = vi.fn<TokenSource>(() => Promise.resolve({ access_token: "a" }));
    await call(source, { previous, reason: "refused", takeLate: () => {} });
    expect(source.mock.calls).toEqual([[{ previous, reason: "refused", urgency: "blocking", signal: expect.any(AbortSignal) }]]);
  });

  it("may give a token response, a token set, or either without a promise", async () => {
    const clock = new TestClock();
    const given = new TokenSet({ accessToken: "a", tokenType: "Bearer", issuedAt: 5000, expiresAt: 9000, refreshToken: "r" });
    expect((await call(sloppy(() => given))).refreshToken).toBe("r");
    expect((await call(sloppy(() => given))).expiresAt).toBe(9000);
    expect(
      (
        await call(
          sloppy(() => ({ access_token: "a", expires_in: 60 })),
          {},
          clock,
        )
      ).expiresAt,
    ).toBe(clock.now() + 60_000);
  });

  it("that leaves fields out gets those of the token set before carried over, from a token set too", async () => {
    const previous = readTokenResponse({ access_token: "old", refresh_token: "r", scope: "read", id_token: "i", sid: "s" }, 0);
    for (const given of [{ access_token: "a" }, new TokenSet({ accessToken: "a", tokenType: "Bearer", issuedAt: 0 })]) {
      const { refreshToken, scope, idToken, extra } = await call(() => Promise.resolve(given), { previous });
      expect([refreshToken, scope, idToken, extra["sid"]]).toEqual(["r", "read", "i", "s"]);
    }
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["an empty object", {}],
    ["an empty access token", { access_token: "" }],
    ["an access token of null", { access_token: null }],
    ["an HTML page", "<html>"],
    ["a list", []],
    ["a number", 5],
    ["a token set with a line break", new TokenSet({ accessToken: "a\r\nb", tokenType: "Bearer", issuedAt: 0 })],
    ["only a refresh token", { refresh_token: "r" }],
  ])("that gives %s is told apart from one that gave a token", async (_, given) => {
    await expect(call(sloppy(() => Promise.resolve(given)))).rejects.toBeInstanceOf(InvalidTokenResponseError);
    await expect(call(sloppy(() => given))).rejects.toBeInstanceOf(InvalidTokenResponseError);
  });

  it("that gives fields of no use tells which, and the rest counts (field line 99)", async () => {
    const observe = vi.fn<(event: TokenEvent) => void>();
    const given = [
      { access_token: "a", refresh_token: "r", expires_in: -1, scope: [1] },
      new TokenSet({ accessToken: "a", tokenType: "two words", issuedAt: 0, expiresAt: Number.NaN, refreshToken: "r" }),
      { access_token: "a", refresh_token: "r" },
    ];
    for (const one of given)
      expect(
        (
          await call(
            sloppy(() => one),
            {},
            new TestClock(),
            { observe },
          )
        ).refreshToken,
      ).toBe("r");
    const started = { type: "refresh-started", reason: "missing", urgency: "blocking" };
    expect(observe.mock.calls.flat()).toEqual([
      started,
      { type: "fields-ignored", fields: ["expires_in", "scope"] },
      started,
      { type: "fields-ignored", fields: ["token_type", "expires_at"] },
      started,
    ]);
  });

  it.each<[string, unknown]>([
    ["an Error", new Error("reset")],
    ["nothing", undefined],
    ["null", null],
    ["text", "no"],
    ["an error of ours about something else", new StoreError("ERR_STORE_UNAVAILABLE", "No.")],
    ["an error that looks like one of ours", Object.assign(new Error("no"), { code: "ERR_LOGIN_REQUIRED" })],
  ])("that throws or rejects with %s leaves an unknown outcome, with that as the cause", async (_, thrown) => {
    const throwing = sloppy(() => {
      throw thrown;
    });
    for (const source of [throwing, sloppy(() => Promise.reject(thrown))]) {
      const error = await call(source).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(TokenRequestError);
      expect(error).toMatchObject({ outcome: "unknown", code: "ERR_TOKEN_REQUEST_UNKNOWN" });
      expect((error as Error).cause).toBe(thrown);
    }
  });

  it.each([
    new TokenRequestError("throttled", "Later.", { retryAfter: 5000 }),
    new LoginRequiredError("Over.", { error: "invalid_grant" }),
    new InvalidTokenResponseError("Odd."),
    new TokenflightError("ERR_REENTRANT_REFRESH", "Itself."),
  ])("that says %s is taken at its word", async (thrown) => {
    await expect(call(() => Promise.reject(thrown))).rejects.toBe(thrown);
  });

  it("of another copy of this package is understood", async () => {
    const foreign = (fields: object): Error =>
      Object.defineProperty(Object.assign(new Error("Said elsewhere."), fields), Symbol.for("tokenflight.error"), { value: true });
    const throttled = foreign({ code: "ERR_TOKEN_REQUEST_THROTTLED", outcome: "throttled", retryAfter: 5000, status: 429 });
    const over = foreign({ code: "ERR_LOGIN_REQUIRED", error: "invalid_grant" });
    await expect(call(() => Promise.reject(throttled))).rejects.toMatchObject({
      outcome: "throttled",
      retryAfter: 5000,
      status: 429,
      cause: throttled,
    });
    const error = await call(() => Promise.reject(over)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(LoginRequiredError);
    expect(error).toMatchObject({ error: "invalid_grant", cause: over, message: "Said elsewhere." });
    const odd = foreign({ code: "ERR_STORE_UNAVAILABLE" });
    await expect(call(() => Promise.reject(odd))).rejects.toMatchObject({ outcome: "unknown", cause: odd });
    const invalid = foreign({ code: "ERR_INVALID_TOKEN_RESPONSE" });
    await expect(call(() => Promise.reject(invalid))).rejects.toMatchObject({ code: "ERR_INVALID_TOKEN_RESPONSE" });
    for (const error of [invalid, throttled])
      await expect(call(() => Promise.reject(Object.assign(error, { refreshToken: "next" })))).rejects.toMatchObject({
        refreshToken: "next",
      });
  });
});

describe("the deadline of a token request", () => {
  it("ends it as unknown and aborts the source's signal with that error", async () => {
    const clock = new TestClock();
    const hand = new HandSource();
    const outcome = new Outcome(call(hand.source, {}, clock));
    await clock.advance(9999);
    expect([outcome.state, hand.last.context.signal.aborted]).toEqual(["pending", false]);
    await clock.advance(1);
    expect(outcome.reason).toMatchObject({ outcome: "unknown", message: "The token source did not answer within 10000 ms." });
    expect(hand.last.context.signal.reason).toBe(outcome.reason);
  });

  it("leaves no timer behind when the source was in time, well or not", async () => {
    const clock = new TestClock();
    await call(() => Promise.resolve({ access_token: "a" }), {}, clock);
    await call(() => Promise.reject(new Error("no")), {}, clock).catch(() => {});
    expect(clock.timers).toBe(0);
  });

  it("does not abort the signal of a source that was in time", async () => {
    const clock = new TestClock();
    const hand = new HandSource();
    const outcome = new Outcome(call(hand.source, {}, clock));
    await settle();
    hand.last.give({ access_token: "a" });
    await clock.advance(60_000);
    expect([outcome.state, hand.last.context.signal.aborted]).toEqual(["resolved", false]);
  });

  it("hands on a token set that comes after it, once and checked", async () => {
    const clock = new TestClock();
    const hand = new HandSource();
    const late = vi.fn<(late: TokenSet | TokenflightError) => void>();
    const outcome = new Outcome(call(hand.source, { takeLate: late }, clock));
    await clock.advance(10_000);
    expect(outcome.state).toBe("rejected");
    expect(late).not.toHaveBeenCalled();
    hand.last.give({ access_token: "late" });
    await settle();
    expect(late.mock.calls.map(([tokens]) => (tokens as TokenSet).accessToken)).toEqual(["late"]);
  });

  it("hands on an error of ours for a source that fails or gives rubbish after it: a new refresh token may have come (field line 99)", async () => {
    const clock = new TestClock();
    const late = vi.fn<(late: TokenSet | TokenflightError) => void>();
    const ends: ((hand: HandSource) => void)[] = [
      (hand) => hand.last.fail(new Error("no")),
      (hand) => hand.last.give({ access_token: "" }),
      (hand) => hand.last.give({ access_token: "", refresh_token: "next" }),
    ];
    for (const end of ends) {
      const hand = new HandSource();
      const outcome = new Outcome(call(hand.source, { takeLate: late }, clock));
      await clock.advance(10_000);
      end(hand);
      await settle();
      expect(outcome.state).toBe("rejected");
    }
    expect(late.mock.calls).toEqual([
      [expect.objectContaining({ code: "ERR_TOKEN_REQUEST_UNKNOWN" })],
      [expect.objectContaining({ code: "ERR_INVALID_TOKEN_RESPONSE" })],
      [expect.objectContaining({ code: "ERR_INVALID_TOKEN_RESPONSE" })],
    ]);
    expect(late.mock.calls.map(([error]) => (error as InvalidTokenResponseError).refreshToken)).toEqual([undefined, undefined, "next"]);
  });
});
