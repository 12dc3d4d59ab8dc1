import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { LoginRequiredError } from "../src/errors/refresh-errors.ts";
import { TokenRequestError } from "../src/errors/token-request-error.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import { storeKey, type TokenStore } from "../src/store/store.ts";
import "./fixed-seed.ts";
import { HandSource } from "./hand-source.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { response, setUp, type SetUp } from "./set-up.ts";
import { RandomClock, settle } from "./test-clock.ts";

const key = await storeKey("test", "alice");
let clock: RandomClock;
let store: TokenStore;

beforeAll(hashAtOnce);
beforeEach(() => {
  clock = new RandomClock();
  store = memoryStore();
});

/** A cache of another process: it hears of nothing that it does not look at. */
function process(): SetUp {
  const { read, compareAndSet } = store;
  return setUp({ clock, store: { read, compareAndSet }, key: "alice", hand: new HandSource() });
}

async function stored(): Promise<{ tokens?: { access_token: string }; lineage?: string; generation: number } | undefined> {
  const entry = await store.read(key);
  return entry === undefined ? undefined : JSON.parse(entry.value);
}

async function deleteEntry(): Promise<void> {
  const entry = await store.read(key);
  if (entry !== undefined) await store.compareAndSet(key, entry.version, undefined);
}

async function give(all: SetUp, name: string): Promise<void> {
  await settle();
  all.hand.last.give(response(name));
  await settle();
}

describe("a process that holds a session whose entry was deleted, while the user has logged in anew elsewhere", () => {
  it("takes the new login, and never writes the old session over it", async () => {
    const [old, other] = [process(), process()];
    await old.tokens.save(response("old-1"));
    await old.tokens.save(response("old-2"));
    await deleteEntry();
    await other.tokens.save(response("new"));
    expect((await stored())?.generation).toBe(1);
    clock.skip(1000);
    const wish = new Outcome(old.tokens.get({ minValidity: 7200 }));
    await settle();
    expect(old.hand.last.context.previous?.refreshToken).toBe("refresh-new");
    await give(old, "new-2");
    expect([wish.value?.accessToken, (await stored())?.tokens?.access_token]).toEqual(["access-new-2", "access-new-2"]);
  });

  it("writes no late result of the old session over it", async () => {
    const [old, other] = [process(), process()];
    await old.tokens.save(response("old"));
    const late = new Outcome(old.tokens.renew(await old.tokens.get()));
    await settle();
    await deleteEntry();
    await other.tokens.save(response("new"));
    await give(old, "late");
    expect(late.value?.accessToken).toBe("access-new");
    expect((await stored())?.tokens?.access_token).toBe("access-new");
    expect(old.tokens.peek()?.accessToken).toBe("access-new");
  });

  it("writes no result over it that comes after its deadline", async () => {
    const [old, other] = [process(), process()];
    await old.tokens.save(response("old"));
    void old.tokens.renew(await old.tokens.get()).catch(() => {});
    await settle();
    await clock.advance(10_000);
    await deleteEntry();
    await other.tokens.save(response("new"));
    await give(old, "late");
    expect((await stored())?.tokens?.access_token).toBe("access-new");
    expect((await old.tokens.get()).accessToken).toBe("access-new");
  });

  it.each([new LoginRequiredError("Over."), new TokenRequestError("unknown", "Reset."), new TokenRequestError("refused", "No.")])(
    "writes no note of the old session's failure over it: %s",
    async (failure) => {
      const [old, other] = [process(), process()];
      await old.tokens.save(response("old"));
      const renewal = new Outcome(old.tokens.renew(await old.tokens.get()));
      await settle();
      await deleteEntry();
      await other.tokens.save(response("new"));
      const before = await store.read(key);
      old.hand.last.fail(failure);
      await settle();
      expect(await store.read(key)).toEqual(before);
      expect(renewal.value?.accessToken).toBe("access-new");
    },
  );

  it("brings the session back when nobody has logged in since: the store has lost it", async () => {
    const old = process();
    await old.tokens.save(response("old"));
    await deleteEntry();
    const wish = new Outcome(old.tokens.get({ minValidity: 7200 }));
    await settle();
    expect(old.hand.last.context.previous?.refreshToken).toBe("refresh-old");
    await give(old, "old-2");
    expect([wish.value?.accessToken, (await stored())?.tokens?.access_token]).toEqual(["access-old-2", "access-old-2"]);
  });
});

describe("a logout", () => {
  it("that comes later than another login leaves that one alone", async () => {
    const [first, second] = [process(), process()];
    await first.tokens.save(response("old"));
    await second.tokens.get();
    let logins = 0;
    const { compareAndSet } = store;
    // Between the look of the logout and its write, the user logs in.
    const slow: TokenStore = {
      read: store.read,
      async compareAndSet(...write) {
        logins += 1;
        if (logins === 1) await first.tokens.save(response("new"));
        return compareAndSet(...write);
      },
    };
    const leaving = setUp({ clock, store: slow, key: "alice" });
    await leaving.tokens.get();
    await leaving.tokens.forget();
    expect((await stored())?.tokens?.access_token).toBe("access-new");
    expect((await first.tokens.get()).accessToken).toBe("access-new");
  });

  it("goes over a refresh that was faster: it is the same login", async () => {
    const first = process();
    await first.tokens.save(response("old"));
    const renewal = new Outcome(first.tokens.renew(await first.tokens.get()));
    await settle();
    let writes = 0;
    const slow: TokenStore = {
      read: store.read,
      async compareAndSet(...write) {
        writes += 1;
        if (writes === 1) await give(first, "renewed");
        return store.compareAndSet(...write);
      },
    };
    const leaving = setUp({ clock, store: slow, key: "alice" });
    await leaving.tokens.forget();
    expect(renewal.value?.accessToken).toBe("access-renewed");
    expect((await stored())?.tokens).toBeUndefined();
  });
});

describe("a lineage", () => {
  it("begins with the first token set over nothing, with each login and with each logout, and goes on with each refresh", async () => {
    const { tokens, hand } = process();
    const lineages: (string | undefined)[] = [];
    const note = async (): Promise<void> => void lineages.push((await stored())?.lineage);
    const refresh = async (name: string): Promise<void> => {
      const wish = tokens.get({ minValidity: 7200 });
      await settle();
      hand.last.give(response(name));
      await wish;
      clock.skip(1000);
      await note();
    };
    await refresh("1");
    await refresh("2");
    await tokens.save(response("3"));
    await note();
    await refresh("4");
    await tokens.forget();
    await note();
    await refresh("5");
    const [first, second, login, afterLogin, logout, afterLogout] = lineages;
    expect([second, afterLogin, afterLogout]).toEqual([first, login, logout]);
    expect(new Set(lineages).size).toBe(3);
    expect((await stored())?.generation).toBe(6);
  });

  it("is none of a record that an earlier version has written, which is refreshed all the same", async () => {
    await store.compareAndSet(
      key,
      undefined,
      JSON.stringify({ format: 1, generation: 5, tokens: { access_token: "a", refresh_token: "r" } }),
    );
    const { tokens, hand } = process();
    const renewal = new Outcome(tokens.renew(await tokens.get()));
    await settle();
    hand.last.give(response("b"));
    await settle();
    expect(renewal.value?.accessToken).toBe("access-b");
    expect(await stored()).toMatchObject({ generation: 6, tokens: { access_token: "access-b" } });
  });
});

const steps = fc.array(
  fc.record({
    who: fc.nat(2),
    what: fc.constantFrom("log in", "log out", "get", "renew", "look", "answer", "fail", "end", "lose the entry", "wait", "send"),
  }),
  { minLength: 10, maxLength: 40, size: "max" },
);

/** The session that a token belongs to stands in its name. */
const sessionOf = (token: string | undefined): string | undefined => token?.split("/")[0];

it.each(["in one process", "in processes of their own"])(
  "no session that is over stands in the entry again, whoever does what and however late: caches %s",
  async (where) => {
    await fc.assert(
      fc.asyncProperty(steps, async (steps) => {
        clock = new RandomClock();
        store = memoryStore();
        const all = Array.from({ length: 3 }, () =>
          where === "in one process" ? setUp({ clock, store, key: "alice", hand: new HandSource() }) : process(),
        );
        const open: { session: string | undefined; give: (token: string) => void; fail: (error: unknown) => void }[] = [];
        const known = new Map<SetUp, number>();
        const collect = (): void => {
          for (const each of all) {
            for (const { context, give, fail } of each.hand.calls.slice(known.get(each) ?? 0)) {
              // A source without a refresh token wants a login.
              const session = sessionOf(context.previous?.accessToken);
              if (session === undefined) fail(new LoginRequiredError("Nobody is logged in."));
              else open.push({ session, give: (token) => give({ access_token: token, refresh_token: token, expires_in: 600 }), fail });
            }
            known.set(each, each.hand.calls.length);
          }
        };
        let [sessions, tokens, current]: [number, number, string | undefined] = [0, 0, undefined];
        let wasLost = false;
        for (const { who, what } of steps) {
          const { tokens: cache } = all[who] as SetUp;
          if (what === "log in") {
            const token = `session-${(sessions += 1)}/0`;
            await cache.save({ access_token: token, refresh_token: token, expires_in: 600 });
            [current, wasLost] = [sessionOf(token), false];
          } else if (what === "log out") {
            await cache.forget();
            [current, wasLost] = [undefined, false];
          } else if (what === "get") {
            void cache.get().catch(() => {});
          } else if (what === "look") {
            await cache.reread();
          } else if (what === "renew") {
            const tokenSet = cache.peek();
            if (tokenSet !== undefined) void cache.renew(tokenSet).catch(() => {});
          } else if (what === "answer") {
            const call = open.shift();
            call?.give(`${call.session}/${(tokens += 1)}`);
          } else if (what === "fail") {
            open.shift()?.fail(new TokenRequestError("unknown", "Reset."));
          } else if (what === "end") {
            open.pop()?.fail(new LoginRequiredError("Over."));
          } else if (what === "lose the entry") {
            await deleteEntry();
            wasLost = true;
          } else if (what === "wait") {
            await clock.advance(20_000);
          }
          await settle();
          await settle();
          collect();
          await settle();
          // Whoever holds a session may bring it back where the store has lost everything, and only there.
          if (wasLost) continue;
          expect([what, sessionOf((await stored())?.tokens?.access_token)]).toEqual([what, current]);
          if (where !== "in one process") continue;
          // And nobody sends a token of one.
          const sent = what === "send" ? cache.peek() : undefined;
          if (sent !== undefined) expect(sessionOf(sent.accessToken)).toBe(current);
        }
        for (const { fail } of open) fail(new Error("The test is over."));
        await settle();
      }),
      { numRuns: 150 },
    );
  },
);
