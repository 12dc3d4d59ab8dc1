import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { memoryStore } from "../src/store/memory-store.ts";
import type { TokenStore, WriteOptions } from "../src/store/store.ts";
import { LoginRequiredError } from "../src/errors/refresh-errors.ts";
import { timeToLive } from "../src/record/encoded-record.ts";
import type { SubjectRecord } from "../src/record/record.ts";
import { readTokenSet } from "../src/tokens/token-response.ts";
import { HandSource } from "./hand-source.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { response, setUp, type SetUp } from "./set-up.ts";
import { RandomClock, settle } from "./test-clock.ts";

interface Write {
  readonly value: { intent?: object; tokens?: { access_token: string } };
  readonly how: WriteOptions;
}

let clock: RandomClock;
let writes: Write[];
let all: SetUp;

beforeAll(hashAtOnce);
beforeEach(() => {
  clock = new RandomClock();
  writes = [];
  const store = memoryStore();
  const noting: TokenStore = {
    read: store.read,
    compareAndSet: (key, expected, value, how) => {
      writes.push({ value: JSON.parse(value ?? "null") as Write["value"], how: how ?? {} });
      return store.compareAndSet(key, expected, value, how);
    },
  };
  all = setUp({ clock, store: noting, key: "alice", hand: new HandSource() });
});

const marks = (): (string | undefined)[] => writes.map(({ how }) => how.mark);
const ttls = (): (number | undefined)[] => writes.map(({ how }) => how.ttl);

describe("what is written is told to the store", () => {
  it("with a mark that changes with each token set, login and logout, and not with the notes of a refresh", async () => {
    await all.tokens.save(response("1"));
    const wish = all.tokens.get({ minValidity: 7200 });
    await settle();
    all.hand.last.give(response("2"));
    await wish;
    await all.tokens.forget();
    const [login, intent, result, logout] = marks();
    expect(intent).toBe(login);
    expect(new Set([login, result, logout]).size).toBe(3);
    expect(marks().every((mark) => mark !== undefined && mark !== "")).toBe(true);
    expect(marks().join(" ")).not.toMatch(/alice|access-|refresh-/);
  });

  it("with the time for which it is of use: none with a refresh token, a minute beyond its end without, a month after a logout", async () => {
    await all.tokens.save(response("1"));
    await all.tokens.save({ access_token: "a", expires_in: 600 });
    await all.tokens.save({ access_token: "a" });
    await all.tokens.forget();
    expect(ttls()).toEqual([undefined, 660_000, undefined, 30 * 86_400_000]);
  });

  it("with a month when a login is required, whatever is left of the access token: nobody asks in vain meanwhile", async () => {
    const wish = all.tokens.get();
    await settle();
    all.hand.last.give({ access_token: "a", expires_in: 60 });
    await wish;
    clock.skip(3_600_000);
    void all.tokens.get().catch(() => {});
    await settle();
    all.hand.last.fail(new LoginRequiredError("The installation was removed."));
    await settle();
    expect(ttls().at(-1)).toBe(30 * 86_400_000);
  });

  it("so that an intent outlives a token set that is over already", async () => {
    await all.tokens.save({ access_token: "a", expires_in: 600 });
    clock.skip(3_600_000);
    void all.tokens.get();
    await settle();
    expect(writes.at(-1)?.value.intent).toBeDefined();
    expect(ttls().at(-1)).toBe(15_000 + 60_000);
    all.hand.last.give(response("2"));
    await settle();
  });
});

describe("the time for which a record is kept", () => {
  const now = Date.UTC(2026, 0, 1);
  const month = 30 * 86_400_000;
  const tokens = (refresh: string | undefined, lifetime: number | undefined): SubjectRecord => ({
    generation: 1,
    tokenSet: readTokenSet({ access_token: "a", refresh_token: refresh, expires_in: lifetime }, now),
  });

  it.each<[string, SubjectRecord, number | undefined]>([
    ["a login that is over, with a refresh token", { ...tokens("r", 60), loginRequired: {} }, undefined],
    ["the same, and its access token has no end", { ...tokens("r", undefined), loginRequired: {} }, undefined],
    ["a login that is over, without a refresh token", { ...tokens(undefined, 60), loginRequired: {} }, month],
    ["the same, and its access token has no end", { ...tokens(undefined, undefined), loginRequired: {} }, month],
    ["a login that is over before its first token set", { generation: 0, loginRequired: {} }, month],
    ["a logout", { generation: 2 }, month],
    ["a login that goes on, with a refresh token", tokens("r", 60), undefined],
    ["the same without", tokens(undefined, 60), 120_000],
    ["the same without an end", tokens(undefined, undefined), undefined],
  ])("is that of %s", (_, record, kept) => {
    expect(timeToLive(record, now)).toBe(kept);
  });
});
