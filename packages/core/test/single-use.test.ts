import { expect, it } from "vitest";
import { SingleUses, withNote, type Brought, type SingleUse } from "../src/cache/single-use.ts";
import { TokenRequestError } from "../src/errors/token-request-error.ts";
import type { TokenEvent } from "../src/events.ts";
import { noteOf } from "../src/record/failure-note.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import type { TokenStore } from "../src/store/store.ts";
import type { TokenResponse, TokenSource } from "../src/index.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { settle, TestClock } from "./test-clock.ts";

hashAtOnce();

interface Use {
  readonly single: SingleUse;
  readonly calls: PromiseWithResolvers<TokenResponse>[];
  readonly events: TokenEvent[];
}

function setUp(store: TokenStore = memoryStore()): { clock: TestClock; store: TokenStore; use(concerns?: (note: string) => boolean): Use } {
  const clock = new TestClock();
  return {
    clock,
    store,
    use(concerns) {
      const calls: PromiseWithResolvers<TokenResponse>[] = [];
      const events: TokenEvent[] = [];
      const source: TokenSource = () => {
        const call = Promise.withResolvers<TokenResponse>();
        calls.push(call);
        return call.promise;
      };
      source.spendsRefreshToken = "own";
      const uses = new SingleUses({ clock }, store);
      return { single: uses.of({ store, name: "it", source, concerns, observe: (event) => events.push(event) }), calls, events };
    },
  };
}

const all = (): boolean => true;
const nothing = (): void => {};
const obtain = (use: Use, accepts: (brought: Brought) => boolean = all): Promise<Brought> => use.single.obtain(accepts, undefined, nothing);
const answer = { access_token: "answer", expires_in: 60 };

it("is used once by all who share the store, and what it brought is new to those who waited only", async () => {
  const { clock, use } = setUp();
  const [one, other, late] = [use(), use(), use()];
  const waiting = [obtain(one), obtain(one), obtain(other)];
  await settle();
  await clock.advance(100);
  expect([one.calls.length, other.calls.length]).toEqual([1, 0]);
  one.calls[0]?.resolve(answer);
  await clock.advance(300);
  for (const brought of await Promise.all(waiting)) {
    expect(brought.tokenSet.accessToken).toBe("answer");
    expect(brought.isNew).toBe(true);
  }
  expect(await obtain(late)).toMatchObject({ isNew: false });
  expect((await late.single.look())?.accessToken).toBe("answer");
});

it("waits for an owner from the first use on, as long as for one that spends a refresh token", async () => {
  const { clock, store, use } = setUp();
  // Its own clock stands still, as that of a process that was stopped.
  const stopped = setUp(store);
  const [dead, other] = [stopped.use(), use()];
  void obtain(dead);
  await settle();
  expect(dead.calls).toHaveLength(1);
  const found = obtain(other);
  await clock.advance(14_000);
  expect(other.calls).toHaveLength(0);
  await clock.advance(5000);
  expect(other.calls).toHaveLength(1);
  other.calls[0]?.resolve(answer);
  await clock.advance(100);
  expect((await found).tokenSet.accessToken).toBe("answer");
  // What the owner brings in the end comes too late.
  dead.calls[0]?.resolve({ access_token: "late" });
  await clock.advance(1000);
  expect((await other.single.look())?.accessToken).toBe("answer");
});

it("is never used while the store is away", async () => {
  const away: TokenStore = { read: () => Promise.reject(new Error("away")), compareAndSet: () => Promise.reject(new Error("away")) };
  const { use } = setUp(away);
  const one = use();
  await expect(obtain(one)).rejects.toMatchObject({ code: "ERR_STORE_UNAVAILABLE" });
  expect(one.calls).toHaveLength(0);
});

it.each([
  ["until its pause is over", 5000, 1],
  ["and nobody else, without a pause", 0, 2],
] as const)("hands a failure with its note to all who have waited, %s", async (_, pause, calls) => {
  const { clock, use } = setUp();
  const [one, other, late] = [use(), use(), use()];
  const waiting = [obtain(one), obtain(other)].map((call) => call.catch((error: unknown) => error));
  await clock.advance(100);
  one.calls[0]?.reject(withNote(new TokenRequestError("refused", "No."), { text: "a note", pause }));
  await clock.advance(300);
  for (const error of await Promise.all(waiting)) expect(noteOf(error)?.text).toBe("a note");
  const again = obtain(late).catch((error: unknown) => error);
  await clock.advance(100);
  expect(one.calls.length + other.calls.length + late.calls.length).toBe(calls);
  if (calls === 1) expect(noteOf(await again)?.text).toBe("a note");
  else late.calls[0]?.resolve(answer);
  await clock.advance(6000);
  const last = obtain(use());
  await clock.advance(100);
  void last.catch(nothing);
  expect(noteOf(new Error("none"))).toBeUndefined();
});

it("keeps what a late owner brings, whatever failure was noted meanwhile", async () => {
  const { clock, use } = setUp();
  const [slow, other] = [use(), use()];
  const first = obtain(slow).catch((error: unknown) => error);
  await clock.advance(10_000);
  expect(await first).toMatchObject({ outcome: "unknown" });
  await clock.advance(2000);
  const second = obtain(other).catch((error: unknown) => error);
  await clock.advance(100);
  other.calls[0]?.reject(withNote(new TokenRequestError("refused", "It is dead."), { text: "dead", pause: 60_000 }));
  await clock.advance(100);
  expect(noteOf(await second)?.text).toBe("dead");
  slow.calls[0]?.resolve(answer);
  await clock.advance(1000);
  expect((await obtain(use())).tokenSet.accessToken).toBe("answer");
});

it("asks again for what nobody accepts, and tells whoever begins", async () => {
  const { clock, use } = setUp();
  const one = use();
  const begun: string[] = [];
  const first = one.single.obtain(all, undefined, () => begun.push("first"));
  void one.single.obtain(all, undefined, () => begun.push("joined"));
  await clock.advance(0);
  one.calls[0]?.resolve(answer);
  await first;
  const other = one.single.obtain(
    ({ isNew }) => isNew,
    undefined,
    () => begun.push("other"),
  );
  await clock.advance(0);
  one.calls[1]?.resolve({ ...answer, access_token: "another" });
  expect((await other).tokenSet.accessToken).toBe("another");
  expect(begun).toEqual(["first", "other"]);
});

it("takes an entry that nobody can read for none, tells of it once, and replaces it", async () => {
  const { clock, store, use } = setUp();
  const one = use();
  const first = obtain(one);
  await clock.advance(0);
  one.calls[0]?.resolve(answer);
  await first;
  const keys: string[] = [];
  const spy = { ...store, read: (key: string) => (keys.push(key), store.read(key)) };
  await setUp(spy).use().single.look();
  const [key = ""] = keys;
  await store.compareAndSet(key, (await store.read(key))?.version, "rubbish");
  const other = use();
  expect(await other.single.look()).toBeUndefined();
  expect(await other.single.look()).toBeUndefined();
  expect(other.events).toMatchObject([{ type: "store-trouble", operation: "read", error: { code: "ERR_STORE_RECORD_INVALID" } }]);
  const again = obtain(other);
  await clock.advance(0);
  other.calls[0]?.resolve({ ...answer, access_token: "anew" });
  expect((await again).tokenSet.accessToken).toBe("anew");
});

it("leaves a caller that aborts, and the use goes on", async () => {
  const { clock, use } = setUp();
  const one = use();
  const controller = new AbortController();
  const call = one.single.obtain(all, controller.signal, nothing);
  await clock.advance(0);
  controller.abort(new Error("no patience"));
  await expect(call).rejects.toThrow("no patience");
  expect(one.single.isBusy).toBe(true);
  one.calls[0]?.resolve(answer);
  await clock.advance(0);
  expect((await obtain(use())).tokenSet.accessToken).toBe("answer");
});

it("takes a refusal for none that is about others: who has waited goes on, and who comes later begins at once", async () => {
  const { clock, use } = setUp();
  const isOurs = (note: string): boolean => note === "ours";
  const [one, other] = [use(), use(isOurs)];
  const failed = obtain(one).catch((error: unknown) => error);
  const waits = obtain(other).catch((error: unknown) => error);
  await clock.advance(100);
  one.calls[0]?.reject(withNote(new TokenRequestError("refused", "No."), { text: "theirs", pause: 60_000 }));
  await clock.advance(300);
  expect(noteOf(await failed)?.text).toBe("theirs");
  expect(other.calls).toHaveLength(1);
  other.calls[0]?.reject(withNote(new TokenRequestError("refused", "No."), { text: "ours", pause: 60_000 }));
  await clock.advance(100);
  expect(noteOf(await waits)?.text).toBe("ours");
  for (const late of [use(isOurs), use()]) {
    const told = obtain(late).catch((error: unknown) => error);
    await clock.advance(100);
    expect(noteOf(await told)?.text).toBe("ours");
  }
  const last = use(() => false);
  const brings = obtain(last);
  await clock.advance(100);
  last.calls[0]?.resolve(answer);
  await clock.advance(100);
  expect((await brings).tokenSet.accessToken).toBe("answer");
});

it("takes a failure that leaves it open whether something was used for everybody's", async () => {
  const { clock, use } = setUp();
  const [one, other] = [use(), use(() => false)];
  const failed = obtain(one).catch((error: unknown) => error);
  await clock.advance(100);
  one.calls[0]?.reject(withNote(new TokenRequestError("unknown", "No answer."), { text: "theirs", pause: 60_000 }));
  await clock.advance(100);
  await failed;
  await expect(obtain(other)).rejects.toMatchObject({ outcome: "unknown" });
  expect(other.calls).toHaveLength(0);
});
