import { describe, expect, it } from "vitest";
import { InvalidTokenResponseError, LoginRequiredError } from "../src/errors/refresh-errors.ts";
import { TokenRequestError } from "../src/errors/token-request-error.ts";
import { TokenflightError } from "../src/errors/tokenflight-error.ts";
import type { SubjectRecord } from "../src/record/record.ts";
import { readTokenResponse } from "../src/tokens/token-response.ts";
import { mayRepeat, withFailure, withIntent, withLogin, withoutOwner, withTokenSet } from "../src/record/transitions.ts";
import { RandomClock, TestClock } from "./test-clock.ts";

const clock = new TestClock();
const tokenSet = readTokenResponse({ access_token: "a", refresh_token: "r" }, 0);
const claimed: SubjectRecord = { generation: 4, tokenSet, intent: { owner: "me", deadline: 15_000 } };
const unknown = new TokenRequestError("unknown", "No.");

it("an intent changes neither generation nor tokens, and the note of the last failure stays until there is news", () => {
  const pause = { duration: 5, begun: 0, failures: 2, outcome: "unknown" } as const;
  expect(withIntent({ generation: 4, tokenSet, pause }, { owner: "me", deadline: 15_000 })).toEqual({
    generation: 4,
    tokenSet,
    pause,
    intent: { owner: "me", deadline: 15_000 },
  });
});

describe("an intent that is left behind", () => {
  const unresolved = { owner: "me", deadline: 15_000, unresolved: true };

  it("is of unknown fate when its request was perhaps sent, and gone when it was not", () => {
    expect(withoutOwner(claimed, true)).toEqual({ generation: 4, tokenSet, intent: unresolved });
    expect(withoutOwner(claimed, false).intent).toBeUndefined();
  });

  it("leaves its doubt to the next one, until something is known of that refresh token", () => {
    const next = withIntent(withoutOwner(claimed, true), { owner: "other", deadline: 15_000 });
    expect(next.intent).toEqual({ owner: "other", deadline: 15_000, doubtful: true });
    expect(withoutOwner(next, false).intent).toEqual({ ...unresolved, owner: "other" });
    const throttled = withFailure(next, new TokenRequestError("throttled", "Later."), true, clock);
    expect(throttled.intent).toEqual({ ...unresolved, owner: "other" });
    expect(withIntent(throttled, { owner: "third", deadline: 15_000 }).intent?.doubtful).toBe(true);
    expect(withFailure(next, new TokenRequestError("throttled", "Later."), false, clock).intent).toBeUndefined();
    expect(withTokenSet(next, tokenSet, clock).intent).toBeUndefined();
  });
});

it("new tokens go on with the lineage of those before; the first ones, a login and a logout begin another one", () => {
  const random = new RandomClock();
  const first = withTokenSet({ generation: 0 }, tokenSet, random);
  expect([first.generation, typeof first.lineage]).toEqual([1, "string"]);
  const second = withTokenSet(first, tokenSet, random);
  expect(second).toEqual({ generation: 2, lineage: first.lineage, tokenSet });
  const login = withLogin({ ...second, intent: { owner: "me", deadline: 5 }, loginRequired: {} }, tokenSet, random);
  const logout = withLogin(login, undefined, random);
  expect([login.generation, login.tokenSet, login.intent, login.loginRequired]).toEqual([3, tokenSet, undefined, undefined]);
  expect([logout.generation, logout.tokenSet]).toEqual([4, undefined]);
  expect(new Set([first, login, logout].map(({ lineage }) => lineage)).size).toBe(3);
  const afterLogout = withTokenSet(logout, tokenSet, random);
  expect([afterLogout.generation, afterLogout.lineage]).toEqual([5, logout.lineage]);
  // A record of an earlier version has none, and goes on without.
  expect(withTokenSet({ generation: 7, tokenSet }, tokenSet, random).lineage).toBeUndefined();
});

it("an intent names the owner's process where that has a name, and every note of a refresh keeps the lineage", () => {
  const record: SubjectRecord = { generation: 4, lineage: "a", tokenSet };
  const intent = withIntent(record, { owner: "me", holder: "process", deadline: 15_000 });
  expect(intent).toEqual({ ...record, intent: { owner: "me", holder: "process", deadline: 15_000 } });
  expect("holder" in (withIntent(record, { owner: "me", deadline: 15_000 }).intent ?? {})).toBe(false);
  // Whoever is done has no process any more that could end.
  expect(withoutOwner(intent, true)).toEqual({ ...record, intent: { owner: "me", deadline: 15_000, unresolved: true } });
  for (const failure of [unknown, new LoginRequiredError("Over.")]) expect(withFailure(intent, failure, true, clock).lineage).toBe("a");
});

it("new tokens are a new generation, and everything else is over", () => {
  const next = readTokenResponse({ access_token: "b" }, 0);
  const before: SubjectRecord = { ...claimed, pause: { duration: 5, begun: 0, failures: 2, outcome: "unknown" }, loginRequired: {} };
  expect(withTokenSet(before, next, clock)).toEqual({ generation: 5, tokenSet: next });
});

describe("a failure", () => {
  it("keeps the tokens and the generation, and clears the intent when the outcome is known or nothing was used up", () => {
    for (const outcome of ["not-sent", "refused", "throttled"] as const) {
      const noted = withFailure(claimed, new TokenRequestError(outcome, "No."), true, clock);
      expect(noted).toMatchObject({ generation: 4, tokenSet, pause: { outcome, failures: 1, begun: clock.now() } });
      expect(noted.intent).toBeUndefined();
    }
    expect(withFailure(claimed, unknown, false, clock).intent).toBeUndefined();
  });

  it("of unknown outcome leaves the intent, marked, when a refresh token may be used up", () => {
    for (const error of [unknown, new InvalidTokenResponseError("Odd.")]) {
      expect(withFailure(claimed, error, true, clock).intent).toEqual({ owner: "me", deadline: 15_000, unresolved: true });
    }
  });

  it("counts on from the failures before, whoever had them", () => {
    const second = withFailure(withFailure(claimed, unknown, false, clock), unknown, false, clock);
    expect(second.pause).toMatchObject({ failures: 2, duration: 2000 });
  });

  it("that only a login mends leaves no intent and no pause", () => {
    const error = new LoginRequiredError("Over.", { error: "invalid_grant", errorDescription: "revoked" });
    expect(withFailure(claimed, error, true, clock)).toEqual({
      generation: 4,
      tokenSet,
      loginRequired: { error: "invalid_grant", errorDescription: "revoked" },
    });
  });

  it("may be repeated for those who wait when nothing was carried out, and never when the source asked for itself", () => {
    const errors = [
      ...(["not-sent", "throttled", "refused", "unknown"] as const).map((outcome) => new TokenRequestError(outcome, "No.")),
      new LoginRequiredError("Over."),
    ];
    expect(errors.map((error) => mayRepeat(error))).toEqual([true, true, false, false, false]);
    const itself = new TokenflightError("ERR_REENTRANT_REFRESH", "Itself.");
    expect(mayRepeat(itself)).toBe(false);
    expect(withFailure(claimed, itself, true, clock)).toMatchObject({ pause: { outcome: "not-sent" }, intent: undefined });
  });
});
