import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LoginRequiredError } from "../src/errors/refresh-errors.ts";
import { TokenRequestError } from "../src/errors/token-request-error.ts";
import { decodeRecord, encodeRecord } from "../src/record/encoded-record.ts";
import { forPurpose, tokenSetsOf } from "../src/record/purposes.ts";
import type { SubjectRecord } from "../src/record/record.ts";
import { withFailure, withTokenSet } from "../src/record/transitions.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import type { TokenStore } from "../src/store/store.ts";
import { readTokenResponse, type TokenResponse } from "../src/tokens/token-response.ts";
import { FaultyStore } from "./faulty-store.ts";
import "./fixed-seed.ts";
import { HandSource } from "./hand-source.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { response, setUp, type SetUp } from "./set-up.ts";
import { RandomClock, settle } from "./test-clock.ts";

hashAtOnce();

/** Caches of one login, each for another purpose; the last one names none. */
function caches(store: TokenStore = memoryStore(), purposes: readonly (string | undefined)[] = ["api-a", "api-b", undefined]): SetUp[] {
  const clock = new RandomClock();
  return purposes.map((purpose) => {
    const hand = new HandSource({ requiresLogin: true, ...(purpose !== undefined && { purpose }) });
    return setUp({ store, key: "user", clock, hand });
  });
}

/** Gets a token, and answers the token request, if there is one, with this access token and the next refresh token. */
async function getAs({ tokens, hand }: SetUp, name: string): Promise<{ sent: string | undefined; token: string | undefined }> {
  const asked = hand.calls.length;
  const got = new Outcome(tokens.get());
  await settle();
  const isAsked = hand.calls.length > asked;
  const sent = isAsked ? hand.last.context.previous?.refreshToken : undefined;
  if (isAsked) hand.last.give(response(name));
  await settle();
  return { sent, token: got.value?.accessToken };
}

const [first, second, third] = ["a", "b", "c"] as const;

describe("the access tokens of one login, for several purposes (field line 107)", () => {
  it("share its one refresh token, one after the other, and none is given for another purpose", async () => {
    const [a, b, c] = caches() as [SetUp, SetUp, SetUp];
    await a.tokens.save(response(first));
    expect(await getAs(b, second)).toEqual({ sent: "refresh-a", token: "access-b" });
    expect(await getAs(c, third)).toEqual({ sent: "refresh-b", token: "access-c" });
    for (const [cache, name] of [
      [a, "a"],
      [b, "b"],
      [c, "c"],
    ] as const)
      expect(await getAs(cache, "none")).toEqual({ sent: undefined, token: `access-${name}` });
    // All expire at the same time, and each is asked for once.
    await a.clock.advance(7_200_000);
    expect(await getAs(a, "a2")).toEqual({ sent: "refresh-c", token: "access-a2" });
    expect(await getAs(c, "c2")).toEqual({ sent: "refresh-a2", token: "access-c2" });
    expect(await getAs(b, "b2")).toEqual({ sent: "refresh-c2", token: "access-b2" });
    expect([a, b, c].map(({ hand }) => hand.calls.length)).toEqual([1, 2, 2]);
  });

  it("that are asked for at once are asked for one by one", async () => {
    const all = caches();
    await all[0]?.tokens.save({ refresh_token: "refresh-0" });
    const got = all.map(({ tokens }) => new Outcome(tokens.get()));
    const sent: unknown[] = [];
    for (let round = 1; round <= 3; round += 1) {
      await all[0]?.clock.advance(1000);
      const waiting = all.filter(({ hand }) => hand.calls.length === 1 && !sent.includes(hand));
      expect(waiting).toHaveLength(1);
      const { hand } = waiting[0] as SetUp;
      expect(hand.last.context.previous).toMatchObject({ accessToken: "", refreshToken: `refresh-${round - 1}` });
      sent.push(hand);
      hand.last.give(response(String(round)));
      await settle();
    }
    await all[0]?.clock.advance(1000);
    expect(new Set(got.map(({ value }) => value?.accessToken))).toEqual(new Set(["access-1", "access-2", "access-3"]));
    for (const [index, { hand }] of all.entries()) expect(got[index]?.value?.accessToken).toBe(`access-${sent.indexOf(hand) + 1}`);
  });

  it("are all gone after a login for one of them, and after a logout", async () => {
    const [a, b, c] = caches() as [SetUp, SetUp, SetUp];
    await a.tokens.save(response(first));
    await getAs(b, second);
    await getAs(c, third);
    await a.tokens.save(response("new"));
    expect([b.tokens.peek(), c.tokens.peek()]).toEqual([undefined, undefined]);
    expect(await getAs(b, "b2")).toEqual({ sent: "refresh-new", token: "access-b2" });
    await b.tokens.forget();
    expect([a, b, c].map(({ tokens }) => tokens.peek())).toEqual([undefined, undefined, undefined]);
    expect(await Promise.all([a, b, c].map(({ tokens }) => tokens.reread().then(() => tokens.status().state)))).toEqual(
      Array.from({ length: 3 }, () => "logged-out"),
    );
  });

  it("are all given back when the login is revoked, the refresh token once", async () => {
    const [a, b] = caches() as [SetUp, SetUp];
    const revoked: string[][] = [];
    Object.assign(b.hand.source, {
      revoke: async ({ accessToken, refreshToken = "none" }: { accessToken: string; refreshToken?: string }) =>
        void revoked.push([accessToken, refreshToken]),
    });
    await a.tokens.save(response(first));
    await getAs(b, second);
    await b.tokens.forget({ revoke: true });
    expect(revoked).toEqual([
      ["access-b", "refresh-b"],
      ["access-a", "none"],
    ]);
  });

  it("are all given back although the server refuses to take one of them back, and the error is told", async () => {
    const [a, b] = caches() as [SetUp, SetUp];
    const revoked: string[] = [];
    Object.assign(b.hand.source, {
      async revoke({ accessToken }: { accessToken: string }) {
        if (accessToken === "access-b") throw new TokenRequestError("refused", "unsupported_token_type");
        revoked.push(accessToken);
      },
    });
    await a.tokens.save(response(first));
    await getAs(b, second);
    await expect(b.tokens.forget({ revoke: true })).rejects.toThrow("unsupported_token_type");
    expect(revoked).toEqual(["access-a"]);
    expect(a.tokens.peek()).toBeUndefined();
  });

  it.each([
    ["an outage", 0, new TokenRequestError("unknown", "503")],
    ["an outage", 1, new TokenRequestError("unknown", "503")],
    ["a refusal of another kind", 0, new TokenRequestError("refused", "invalid_scope")],
    ["a refusal of another kind", 2, new TokenRequestError("refused", "invalid_scope")],
  ])(
    "that have ended, but for one that met %s, are a login for two hours more: no seed is taken in its place (field line 103)",
    async (_, seeder, failure) => {
      const [a, b, c] = caches() as [SetUp, SetUp, SetUp];
      await c.tokens.save({ refresh_token: "first" });
      for (const [{ tokens, hand }, error] of [
        [a, new LoginRequiredError("Agree first.", { error: "consent_required" })],
        [b, failure],
      ] as const) {
        const got = new Outcome(tokens.get());
        await settle();
        hand.last.fail(error);
        await settle();
        expect(got.code).toBeDefined();
      }
      for (const { tokens } of [b, c, a]) expect(await tokens.seed({ refresh_token: "second" })).toBe(false);
      // Nobody has asked for it since: it is known to give nothing, and the other one has ended.
      await a.clock.advance(7_200_000);
      expect(await [a, b, c][seeder]?.tokens.seed({ refresh_token: "second" })).toBe(true);
    },
  );

  it.each([
    ["has given an access token", undefined],
    ["was refused", new TokenRequestError("refused", "invalid_scope")],
    ["met an outage", new TokenRequestError("unknown", "503")],
  ])("of which one %s, and none has ended, are a login, however long ago that was (field line 103)", async (_, failure) => {
    const [a, b, c] = caches() as [SetUp, SetUp, SetUp];
    await c.tokens.save({ refresh_token: "first" });
    const got = new Outcome(a.tokens.get());
    await settle();
    if (failure === undefined) a.hand.last.give(response(first));
    else a.hand.last.fail(failure);
    await settle();
    expect(got.code === undefined).toBe(failure === undefined);
    await a.clock.advance(400 * 86_400_000);
    for (const { tokens } of [b, c, a]) expect(await tokens.seed({ refresh_token: "second" })).toBe(false);
  });

  it("that have all ended, one by one, are followed by a new seed, from whichever cache (field line 103)", async () => {
    for (const seeder of [0, 1, 2]) {
      const all = caches() as [SetUp, SetUp, SetUp];
      await all[2].tokens.seed({ refresh_token: "first" });
      const end = async ({ tokens, hand }: SetUp): Promise<void> => {
        const got = new Outcome(tokens.get());
        await settle();
        hand.last.fail(new LoginRequiredError("Ask the user.", { error: "interaction_required" }));
        await settle();
        expect(got.reason).toBeInstanceOf(LoginRequiredError);
      };
      await end(all[0]);
      await end(all[1]);
      expect(await all[seeder]?.tokens.seed({ refresh_token: "second" })).toBe(true);
    }
  });

  it("one that is refused is renewed, and the others are sent on", async () => {
    const [a, b] = caches() as [SetUp, SetUp];
    const refused = await a.tokens.save(response(first));
    await getAs(b, second);
    const renewed = new Outcome(a.tokens.renew(refused));
    await settle();
    expect(a.hand.last.context).toMatchObject({ reason: "refused", previous: { accessToken: "access-a", refreshToken: "refresh-b" } });
    expect(b.tokens.peek()?.accessToken).toBe("access-b");
    a.hand.last.give(response("a2"));
    await settle();
    expect(renewed.value?.accessToken).toBe("access-a2");
    expect(await getAs(b, "none")).toEqual({ sent: undefined, token: "access-b" });
  });

  it("one that nobody gives (refused) does not pause the others; what may come of a server that is away pauses all", async () => {
    for (const [outcome, isForAll] of [
      ["refused", false],
      ["unknown", true],
      ["throttled", true],
    ] as const) {
      const [a, b] = caches() as [SetUp, SetUp];
      await a.tokens.save({ refresh_token: "refresh-0" });
      const failing = new Outcome(a.tokens.get());
      await settle();
      a.hand.last.fail(new TokenRequestError(outcome, "No.", { error: "invalid_target", retryAfter: 60_000 }));
      await settle();
      expect(failing.state).toBe("rejected");
      const other = new Outcome(b.tokens.get());
      await settle();
      expect([outcome, b.hand.calls.length]).toEqual([outcome, isForAll ? 0 : 1]);
      if (!isForAll) b.hand.last.give(response("b"));
      await settle();
      expect(other.state).toBe(isForAll ? "rejected" : "resolved");
      // The pause of the one that was refused is not over because the other one has a token.
      await expect(a.tokens.get()).rejects.toMatchObject({ outcome });
      expect(a.hand.calls).toHaveLength(1);
    }
  });

  // OpenID Connect Core 1.0 section 3.1.2.6: the user has to agree to something. Every other error says that the refresh token is dead.
  it.each([
    ["account_selection_required", false],
    ["consent_required", false],
    ["interaction_required", false],
    ["login_required", false],
    ["invalid_grant", true],
    ["bad_refresh_token", true],
    [undefined, true],
  ])("the error %s ends all of them: %s", async (error, isForAll) => {
    const [a, b] = caches() as [SetUp, SetUp];
    await a.tokens.save({ refresh_token: "refresh-0" });
    const failing = new Outcome(a.tokens.get());
    await settle();
    a.hand.last.fail(new LoginRequiredError("Over.", { error }));
    await settle();
    expect(failing.code).toBe("ERR_LOGIN_REQUIRED");
    if (isForAll) {
      await expect(b.tokens.get()).rejects.toMatchObject({ code: "ERR_LOGIN_REQUIRED" });
      expect(b.hand.calls).toHaveLength(0);
      return;
    }
    expect(await getAs(b, second)).toEqual({ sent: "refresh-0", token: "access-b" });
    // It stays over for the one, and nobody is asked again.
    await expect(a.tokens.get()).rejects.toMatchObject({ code: "ERR_LOGIN_REQUIRED", error });
    expect(a.hand.calls).toHaveLength(1);
    await a.tokens.save(response("new"));
    expect((await a.tokens.get()).accessToken).toBe("access-new");
  });

  it("that was saved over an entry that nobody can read is given for its own purpose only", async () => {
    const store = new FaultyStore();
    const [a, b, c] = caches(store) as [SetUp, SetUp, SetUp];
    await c.tokens.save(response("old"));
    await store.put({ format: 1, generation: "odd" });
    await a.tokens.save(response(first));
    expect((await a.tokens.get()).accessToken).toBe("access-a");
    expect(await store.record()).toMatchObject({ purpose: "api-a" });
    await a.clock.advance(60_000);
    expect(await getAs(c, third)).toEqual({ sent: "refresh-a", token: "access-c" });
    expect(await getAs(b, second)).toEqual({ sent: "refresh-c", token: "access-b" });
  });

  it("may have any name, also those that objects have already", async () => {
    const all = caches(
      memoryStore(),
      ["__proto__", "constructor", "toString", "", " ", "a\u0000b"].filter((name) => name !== ""),
    );
    await all[0]?.tokens.save({ refresh_token: "refresh-0" });
    for (const [index, cache] of all.entries())
      expect(await getAs(cache, String(index + 1))).toMatchObject({ token: `access-${index + 1}` });
    for (const [index, cache] of all.entries())
      expect(await getAs(cache, "none")).toEqual({ sent: undefined, token: `access-${index + 1}` });
  });

  it("keep the login's id token and further fields, and each its own scope", async () => {
    const [a, b] = caches() as [SetUp, SetUp];
    await a.tokens.save({ ...response(first), scope: "read", id_token: "id", sid: "session" });
    const got = b.tokens.get();
    await settle();
    expect(b.hand.last.context.previous).toMatchObject({ idToken: "id", scope: undefined, extra: { sid: "session" } });
    b.hand.last.give({ ...response(second), scope: "write" });
    expect(await got).toMatchObject({ scope: "write", idToken: "id", extra: { sid: "session" } });
    expect(a.tokens.peek()).toMatchObject({ scope: "read", idToken: "id" });
  });
});

describe("more purposes than an entry has room for (field line 107)", () => {
  const purposes = Array.from({ length: 40 }, (_, index) => `api-${index}`);

  /** Each is asked for a token `rounds` times: how many token requests are sent in each round? */
  async function roundsOf(all: readonly SetUp[], rounds: number, answer: (name: string) => TokenResponse | Error): Promise<number[]> {
    const counts: number[] = [];
    const count = (): number => all.reduce((sum, { hand }) => sum + hand.calls.length, 0);
    for (let round = 0; round < rounds; round += 1) {
      const before = count();
      for (const [index, { tokens, hand }] of all.entries()) {
        const asked = hand.calls.length;
        const got = new Outcome(tokens.get());
        await settle();
        const answered = answer(`${index}-${round}`);
        if (hand.calls.length > asked && answered instanceof Error) hand.last.fail(answered);
        else if (hand.calls.length > asked) hand.last.give(answered as TokenResponse);
        await settle();
        expect(got.state).toBe(answered instanceof Error ? "rejected" : "resolved");
      }
      counts.push(count() - before);
    }
    return counts;
  }

  it("goes on with the access tokens that the caches hold, until they end", async () => {
    const all = caches(memoryStore(), purposes);
    await all[0]?.tokens.save({ refresh_token: "refresh-0" });
    expect(await roundsOf(all, 4, response)).toEqual([40, 0, 0, 0]);
    await all[0]?.clock.advance(7_200_000);
    expect(await roundsOf(all, 3, response)).toEqual([40, 0, 0]);
  });

  it("goes on so after other caches have written, and also where the store tells of nothing", async () => {
    const stored = memoryStore();
    const store: TokenStore = { read: stored.read, compareAndSet: stored.compareAndSet };
    const all = caches(store, purposes);
    await all[0]?.tokens.save({ refresh_token: "refresh-0" });
    await roundsOf(all, 1, response);
    const others = purposes.map((purpose) =>
      setUp({ store, key: "user", clock: all[0]?.clock as RandomClock, hand: new HandSource({ requiresLogin: true, purpose }) }),
    );
    await roundsOf(others, 1, response);
    await all[0]?.clock.advance(60_000);
    expect(await roundsOf(all, 3, response)).toEqual([0, 0, 0]);
  });

  it("gives none of the login before, once there is another login or none", async () => {
    for (const isLogout of [false, true]) {
      const all = caches(memoryStore(), purposes);
      await all[0]?.tokens.save({ refresh_token: "refresh-0" });
      await roundsOf(all, 1, response);
      await (isLogout ? all[39]?.tokens.forget() : all[39]?.tokens.save(response("new")));
      expect(all.slice(0, 39).map(({ tokens }) => tokens.peek())).toEqual(Array.from({ length: 39 }, () => undefined));
      await Promise.all(all.slice(0, 39).map(({ tokens }) => tokens.reread()));
      expect(all.slice(0, 39).map(({ tokens }) => tokens.peek())).toEqual(Array.from({ length: 39 }, () => undefined));
    }
  });

  it("asks for none of those again that have ended, and for those with an access token not at all", async () => {
    const store = memoryStore();
    const good = caches(store, ["good-1", "good-2", undefined]);
    await good[0]?.tokens.save(response("0"));
    expect(await roundsOf(good, 2, response)).toEqual([2, 0]);
    const hands = purposes.map((purpose) =>
      setUp({ store, key: "user", clock: good[0]?.clock as RandomClock, hand: new HandSource({ requiresLogin: true, purpose }) }),
    );
    const refused = new LoginRequiredError("No.", { error: "consent_required" });
    for (let round = 0; round < 3; round += 1) {
      expect(await roundsOf(hands, 1, () => refused)).toEqual([round === 0 ? 40 : 0]);
      expect(await roundsOf(good, 1, response)).toEqual([0]);
    }
    // A new login asks anew.
    await good[0]?.tokens.save(response("new"));
    expect(await roundsOf(hands, 1, response)).toEqual([40]);
  });
});

const now = Date.UTC(2026, 0, 1);
const names = fc.constantFrom(undefined, "a", "b", "c", "__proto__");

/** A record after refreshes for these purposes, in this order. */
function recordOf(purposes: readonly (string | undefined)[]): SubjectRecord {
  const clock = new RandomClock();
  return purposes.reduce<SubjectRecord>(
    (record, purpose, index) =>
      withTokenSet(forPurpose(record, purpose), readTokenResponse(response(`${index} for ${purpose}`.replaceAll(" ", "-")), now), clock),
    { generation: 0 },
  );
}

describe("a record as it is for another purpose (field line 107)", () => {
  it("has the access token that came last for that one, or none, and the newest refresh token", () => {
    fc.assert(
      fc.property(fc.array(names, { minLength: 1, maxLength: 12 }), names, (purposes, purpose) => {
        const { tokenSet, generation } = forPurpose(recordOf(purposes), purpose);
        const last = purposes.lastIndexOf(purpose);
        expect(tokenSet?.accessToken).toBe(last === -1 ? "" : `access-${last}-for-${purpose}`);
        expect(tokenSet?.refreshToken).toBe(`refresh-${purposes.length - 1}-for-${purposes.at(-1)}`);
        expect(generation).toBe(purposes.length);
      }),
    );
  });

  it("is the same after any number of turns, and after it was stored", () => {
    fc.assert(
      fc.property(fc.array(names, { minLength: 1, maxLength: 8 }), fc.array(names, { maxLength: 8 }), (purposes, turns) => {
        const record = recordOf(purposes);
        const turned = turns.reduce<SubjectRecord>(
          (held, purpose) => decodeRecord({ version: "1", value: encodeRecord(held) }, purpose),
          record,
        );
        for (const purpose of [undefined, "a", "b", "c", "__proto__"]) {
          const [one, other] = [forPurpose(record, purpose), forPurpose(turned, purpose)].map((held) => ({
            access: held.tokenSet?.accessToken,
            refresh: held.tokenSet?.refreshToken,
            expiresAt: held.tokenSet?.expiresAt,
          }));
          expect(other).toEqual(one);
        }
        expect(tokenSetsOf(turned).filter(({ refreshToken }) => refreshToken !== undefined)).toHaveLength(1);
        const accessTokens = tokenSetsOf(turned).flatMap(({ accessToken }) => accessToken || []);
        expect(accessTokens).toHaveLength(new Set(purposes).size);
        expect(new Set(accessTokens).size).toBe(accessTokens.length);
      }),
    );
  });

  it("keeps 32 others at most: those whose access tokens end last", () => {
    const clock = new RandomClock();
    let record: SubjectRecord = { generation: 0 };
    for (let index = 0; index < 100; index += 1)
      record = withTokenSet(
        forPurpose(record, `api-${index}`),
        readTokenResponse(response(String(index), { expires_in: 1000 + index }), clock.now()),
        clock,
      );
    const others = Object.keys(record.others ?? {});
    expect(others.toSorted()).toEqual(Array.from({ length: 32 }, (_, index) => `api-${67 + index}`).toSorted());
    expect(encodeRecord(record).length).toBeLessThan(20_000);
  });

  /** What a refresh for one more purpose says of it. */
  const refusals = [
    new TokenRequestError("refused", "No.", { error: "invalid_target" }),
    new LoginRequiredError("No.", { error: "consent_required" }),
  ];
  const isLive = (record: SubjectRecord, purpose: string): boolean => forPurpose(record, purpose).tokenSet?.accessToken !== "";

  it("lets no access token go in favour of a purpose without one, and stays small, however many are refused", () => {
    const many = fc.array(fc.tuple(fc.nat({ max: 80 }), fc.constantFrom<("token" | 0 | 1)[]>("token", 0, 1)), {
      minLength: 40,
      maxLength: 160,
    });
    fc.assert(
      fc.property(many, (steps) => {
        const clock = new RandomClock();
        let record: SubjectRecord = { generation: 0 };
        record = withTokenSet(record, readTokenResponse(response("0"), clock.now()), clock);
        const given = new Set<string>();
        for (const [purpose, what] of steps) {
          const taken = forPurpose(record, `api-${purpose}`);
          if (what !== "token") record = withFailure(taken, refusals[what] as LoginRequiredError, true, clock);
          // With the first one, 33: as many as there is room for, one of which is that of the purpose itself.
          else if (given.size < 32 || given.has(`api-${purpose}`)) {
            given.add(`api-${purpose}`);
            record = withTokenSet(taken, readTokenResponse(response(`${purpose}`), clock.now()), clock);
          }
          expect(Object.keys(record.others ?? {}).length).toBeLessThanOrEqual(33);
        }
        expect([...given].filter((purpose) => !isLive(record, purpose))).toEqual([]);
        expect(forPurpose(record, undefined).tokenSet?.accessToken).toBe("access-0");
      }),
      { numRuns: 50, examples: [[Array.from({ length: 80 }, (_, index) => [index, index < 32 ? "token" : index % 2 === 0 ? 0 : 1])]] },
    );
  });

  it("keeps what ended for a purpose before what was refused, and this for as long as its pause, where there is room", async () => {
    const clock = new RandomClock();
    let record = withTokenSet({ generation: 0 }, readTokenResponse(response("0"), clock.now()), clock);
    for (const [index, refusal] of refusals.entries()) record = withFailure(forPurpose(record, `api-${index}`), refusal, true, clock);
    const renewed = (): SubjectRecord => withTokenSet(forPurpose(record, undefined), readTokenResponse(response("1"), clock.now()), clock);
    expect(Object.keys(renewed().others ?? {})).toEqual(expect.arrayContaining(["api-0", "api-1"]));
    await clock.advance(5000);
    expect(Object.keys(renewed().others ?? {})).toEqual(["api-1"]);
    for (let index = 2; index < 34; index += 1)
      record = withFailure(forPurpose(record, `api-${index}`), refusals[0] as TokenRequestError, true, clock);
    expect(forPurpose(renewed(), "api-1").loginRequired).toMatchObject({ error: "consent_required" });
  });

  it("forgets those whose access tokens have expired", async () => {
    const clock = new RandomClock();
    const one = withTokenSet(forPurpose({ generation: 0 }, "a"), readTokenResponse(response("a"), clock.now()), clock);
    await clock.advance(3_600_001);
    const two = withTokenSet(forPurpose(one, "b"), readTokenResponse(response("b"), clock.now()), clock);
    expect(two.others).toBeUndefined();
  });

  it("of a store that says odd things of another purpose asks for that one again, and keeps the rest", () => {
    const sound = JSON.parse(encodeRecord(recordOf(["a", "b", "c"]))) as { others: Record<string, unknown> };
    for (const odd of [
      null,
      5,
      "canary",
      { tokens: null },
      { tokens: { access_token: "two words" } },
      { pause: null },
      { pause: { outcome: "odd" } },
      { loginRequired: 5 },
    ]) {
      const value = JSON.stringify({ ...sound, others: { ...sound.others, a: odd } });
      expect(decodeRecord({ version: "1", value }, "a").tokenSet?.accessToken).toBe("");
      expect(decodeRecord({ version: "1", value }, "b").tokenSet?.accessToken).toBe("access-1-for-b");
      expect(decodeRecord({ version: "1", value }, "c").tokenSet?.refreshToken).toBe("refresh-2-for-c");
    }
  });
});
