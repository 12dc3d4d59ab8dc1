import { describe, expect, it } from "vitest";
import { createTokenCache, type TokenCacheOptions } from "../src/cache/create-token-cache.ts";
import { InvalidOptionError } from "../src/errors/tokenflight-error.ts";
import { memoryStore } from "../src/store/memory-store.ts";

const source = (): Promise<{ access_token: string }> => Promise.resolve({ access_token: "a" });
const store = memoryStore();

describe("the options of a token cache", () => {
  it.each<[Record<string, unknown>, string]>([
    [{ source: undefined }, "source: expected a function, got nothing."],
    [{ source: { spendsRefreshToken: false } }, "source: expected a function, got an object."],
    [{ store: null }, "store: expected an object with read and compareAndSet, got null."],
    [{ store: new Map() }, "store: expected an object with read and compareAndSet, got an object."],
    [{ store: { read: store.read } }, "store: expected an object with read and compareAndSet, got an object."],
    [{ store }, "key: expected a string that is not empty, got nothing."],
    [{ store, key: "" }, "key: expected a string that is not empty, got an empty string."],
    [{ store, key: 5 }, "key: expected a string that is not empty, got 5."],
    [{ identity: "" }, "identity: expected a string that is not empty, got an empty string."],
    [{ identity: 5 }, "identity: expected a string that is not empty, got 5."],
    [{ queue: {} }, "queue: expected an object with run, raise, pause and pausedFor, got an object."],
    [{ queue: 5 }, "queue: expected an object with run, raise, pause and pausedFor, got 5."],
    [{ freshness: { ahead: -1 } }, "freshness.ahead: expected a number of seconds, zero or more, got -1."],
    [{ freshness: { margin: "5" } }, "freshness.margin: expected a number of seconds, zero or more, got a string of 1 characters."],
    [{ freshness: { defaultLifetime: Number.NaN } }, "freshness.defaultLifetime: expected a number of seconds, zero or more, got NaN."],
    [{ freshness: 60 }, "freshness: expected an object with options, got 60."],
    [{ freshness: { soft: 5 } }, "freshness.soft: expected one of ahead, margin, defaultLifetime, jwtExpiry, got an unknown option."],
    [{ timeouts: { request: -1 } }, "timeouts.request: expected a number of seconds above zero, got -1."],
    [{ timeouts: { request: 0 } }, "timeouts.request: expected a number of seconds above zero, got 0."],
    [{ timeouts: { request: Infinity } }, "timeouts.request: expected a number of seconds above zero, got Infinity."],
    [{ timeouts: { store: 0 } }, "timeouts.store: expected a number of seconds above zero, got 0."],
    [{ timeouts: { store: "1" } }, "timeouts.store: expected a number of seconds above zero, got a string of 1 characters."],
    [
      { store: { ...store, operationTimeout: -5 }, key: "a", identity: "b" },
      "store.operationTimeout: expected a number of seconds above zero, got -5.",
    ],
    [{ timeouts: { connect: 1 } }, "timeouts.connect: expected one of request, store, got an unknown option."],
    [{ timeouts: 10 }, "timeouts: expected an object with options, got 10."],
    [{ keepAlive: {} }, "keepAlive: expected a function, got an object."],
    [{ observe: console }, "observe: expected a function, got an object."],
    [{ clock: Date }, "clock: expected an object with now, monotonic, schedule and random, got a function."],
    [{ clock: { now: Date.now } }, "clock: expected an object with now, monotonic, schedule and random, got an object."],
    [
      { onRefresh: () => {} },
      "createTokenCache.onRefresh: expected one of source, key, observe, store, identity, queue, freshness, timeouts, keepAlive, clock, got an unknown option.",
    ],
  ])("are refused for %j", (options, message) => {
    const create = (): unknown => createTokenCache({ source, ...options } as TokenCacheOptions);
    expect(create).toThrow(InvalidOptionError);
    expect(create).toThrow(new RegExp(`^${message.replaceAll(".", "\\.")}$`));
  });

  it.each([undefined, null, "source", [source], source])("are refused when they are %s", (options) => {
    expect(() => createTokenCache(options as unknown as TokenCacheOptions)).toThrow(
      /^createTokenCache: expected an object with options, got /,
    );
  });

  it("may be left undefined one by one", async () => {
    const nothing = {
      store: undefined,
      identity: undefined,
      key: undefined,
      queue: undefined,
      freshness: undefined,
      timeouts: undefined,
      observe: undefined,
      keepAlive: undefined,
      clock: undefined,
    };
    expect((await createTokenCache({ source, ...nothing }).get()).accessToken).toBe("a");
    expect((await createTokenCache({ source, timeouts: { request: undefined, store: 0.5 } }).get()).accessToken).toBe("a");
  });

  it("are read at once: changing them later changes nothing", async () => {
    const options: TokenCacheOptions = { source };
    const tokens = createTokenCache(options);
    options.source = () => Promise.reject(new Error("no"));
    expect((await tokens.get()).accessToken).toBe("a");
  });

  it("ask nobody for anything: neither source nor store hear of a new cache", () => {
    const silent = (): never => {
      throw new Error("asked");
    };
    createTokenCache({ source: silent, store: { read: silent, compareAndSet: silent, watch: silent }, identity: "test", key: "k" });
  });
});
