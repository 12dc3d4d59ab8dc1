import { describe, expect, it } from "vitest";
import { createTokenCache } from "../src/cache/create-token-cache.ts";
import { createTokenEndpointQueue } from "../src/endpoint/endpoint-queue.ts";
import { createScope } from "../src/platform/scope.ts";
import type { TokenCache } from "../src/cache/token-cache.ts";
import { Outcome } from "./outcome.ts";
import { response, setUp } from "./set-up.ts";
import { settle, TestClock } from "./test-clock.ts";

describe("a token source that asks its own cache", () => {
  it("fails at once, not at its deadline, and is not asked again", async () => {
    let asked = 0;
    const tokens: TokenCache = createTokenCache({
      clock: new TestClock(),
      source: async () => {
        asked += 1;
        return tokens.get();
      },
    });
    const outcome = new Outcome(tokens.get());
    await settle();
    expect([outcome.code, asked]).toEqual(["ERR_REENTRANT_REFRESH", 1]);
  });

  it("fails at once after other work too, and with renew as with get", async () => {
    const clock = new TestClock();
    const tokens: TokenCache = createTokenCache({
      clock,
      source: async ({ previous }) => {
        await settle();
        return previous === undefined ? tokens.get() : tokens.renew(previous);
      },
    });
    const missing = new Outcome(tokens.get());
    await settle();
    await settle();
    expect(missing.code).toBe("ERR_REENTRANT_REFRESH");
    const saved = await tokens.save(response("1"));
    const refused = new Outcome(tokens.renew(saved));
    await settle();
    await settle();
    expect(refused.code).toBe("ERR_REENTRANT_REFRESH");
    expect(tokens.peek()?.accessToken).toBe("access-1");
  });

  it("fails at once when other caches are in between", async () => {
    const clock = new TestClock();
    const first: TokenCache = createTokenCache({ clock, source: () => second.get() });
    const second: TokenCache = createTokenCache({ clock, source: () => third.get() });
    const third: TokenCache = createTokenCache({ clock, source: () => first.get() });
    const outcome = new Outcome(first.get());
    await settle();
    expect(outcome.code).toBe("ERR_REENTRANT_REFRESH");
  });

  it("fails at once when the cache in between has a queue with it that is full", async () => {
    const clock = new TestClock();
    const queue = createTokenEndpointQueue({ concurrency: 2, clock });
    const { tokens: stranger, hand } = setUp({ clock, queue });
    const inner: TokenCache = createTokenCache({ clock, queue, source: () => self.get() });
    const self: TokenCache = createTokenCache({ clock, queue, source: () => inner.get() });
    const other = new Outcome(stranger.get());
    const outcome = new Outcome(self.get());
    await settle();
    expect([other.state, outcome.code]).toEqual(["pending", "ERR_REENTRANT_REFRESH"]);
    hand.last.give(response("1"));
    await settle();
    expect(other.state).toBe("resolved");
  });

  it("may be content with less, and go on", async () => {
    const tokens: TokenCache = createTokenCache({
      clock: new TestClock(),
      source: () => tokens.get().catch(() => response("unaided")),
    });
    expect((await tokens.get()).accessToken).toBe("access-unaided");
  });
});

describe("a token source that asks another cache", () => {
  it("gets its token, as often as it likes", async () => {
    const clock = new TestClock();
    const service = createTokenCache({ clock, source: () => Promise.resolve(response("service")) });
    const users = ["alice", "bob"].map((user) =>
      createTokenCache({ clock, source: async () => response(`${user}-by-${(await service.get()).accessToken}`) }),
    );
    const given = await Promise.all(users.map((tokens) => tokens.get()));
    expect(given.map(({ accessToken }) => accessToken)).toEqual(["access-alice-by-access-service", "access-bob-by-access-service"]);
  });

  it("may be asked by that cache's users later", async () => {
    const clock = new TestClock();
    let turn = 0;
    const first: TokenCache = createTokenCache({ clock, source: async () => response(`first-${(await second.get()).accessToken}`) });
    const second: TokenCache = createTokenCache({
      clock,
      source: async () => {
        turn += 1;
        return turn === 1 ? response("second") : response(`again-${(await first.get()).accessToken}`);
      },
    });
    await first.get();
    clock.skip(3_300_000);
    const renewed = await second.renew(await second.get());
    expect(renewed.accessToken).toBe("access-again-access-first-access-second");
  });

  it("may start work of its own that asks for a token after it is done", async () => {
    const clock = new TestClock();
    const afterwards = Promise.withResolvers<string>();
    const tokens: TokenCache = createTokenCache({
      clock,
      source: () => {
        setImmediate(() => {
          tokens.get().then(({ accessToken }) => afterwards.resolve(accessToken), afterwards.reject);
        });
        return Promise.resolve(response("1"));
      },
    });
    await tokens.get();
    expect(await afterwards.promise).toBe("access-1");
  });
});

describe("the scope of a refresh", () => {
  it("reaches everything that runs in it, and nothing else", async () => {
    const scope = createScope<string>();
    const later = (): Promise<string | undefined> => settle().then(() => scope.current());
    expect(scope.current()).toBeUndefined();
    expect(scope.run("outer", () => [scope.current(), scope.run("inner", () => scope.current()), scope.current()])).toEqual([
      "outer",
      "inner",
      "outer",
    ]);
    expect(await Promise.all([scope.run("a", later), later(), scope.run("b", later)])).toEqual(["a", undefined, "b"]);
  });

  it("is unknown, and does no harm, on a host that cannot follow it", () => {
    const { process } = globalThis;
    try {
      globalThis.process = undefined as unknown as typeof process;
      const scope = createScope<string>();
      expect(scope.run("a", () => [scope.current(), 5])).toEqual([undefined, 5]);
    } finally {
      globalThis.process = process;
    }
  });
});
