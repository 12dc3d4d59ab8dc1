import {
  createTokenCache,
  LoginRequiredError,
  memoryStore,
  systemClock,
  TokenSet,
  type TokenCache,
  type TokenStore,
} from "@tokenflight/core";
import { createLogin, createOAuthClient, LoginError, noClientAuth, sharedLogin, type SharedLoginOptions } from "@tokenflight/oauth";
import { describe, expect, it } from "vitest";
import { failureOf } from "./call.ts";

const client = createOAuthClient({ tokenEndpoint: "https://auth.example.com/token", clientId: "id", clientAuth: noClientAuth() });

function tokensOf(name: string): TokenSet {
  return new TokenSet({
    accessToken: name,
    refreshToken: `${name}-refresh`,
    tokenType: "Bearer",
    issuedAt: Date.now(),
    expiresAt: Date.now() + 600_000,
  });
}

/** As another process has it. */
function cacheOver(store: TokenStore): TokenCache {
  return createTokenCache({ source: client.refreshToken(), store, key: "me" });
}

/** Fifty times as fast as the system's. */
const quickClock: NonNullable<SharedLoginOptions["clock"]> = {
  monotonic: () => systemClock.monotonic() * 50,
  schedule: (callback, delay) => systemClock.schedule(callback, delay / 50, true),
};

/** One process: how often it was asked to log its user in, and how that ends. */
interface Session {
  readonly result: Promise<string>;
  readonly asked: Promise<AbortSignal>;
  finish(name: string): void;
  fail(error: Error): void;
}

function begin(store: TokenStore, options: Partial<SharedLoginOptions> = {}): Session {
  const asked = Promise.withResolvers<AbortSignal>();
  const login = Promise.withResolvers<TokenSet>();
  const shared = sharedLogin(store, "me", (signal) => (asked.resolve(signal), login.promise), {
    tokens: cacheOver(store),
    clock: quickClock,
    ...options,
  });
  return {
    result: shared.then(
      ({ accessToken }) => accessToken,
      (error: { code?: string; reason?: string }) => `${error.code} ${error.reason}`,
    ),
    asked: asked.promise,
    finish: (name) => login.resolve(tokensOf(name)),
    fail: (error) => login.reject(error),
  };
}

/** Reads and writes only: neither hints nor holders. */
function plain(store: TokenStore): TokenStore {
  return { read: (...given) => store.read(...given), compareAndSet: (...given) => store.compareAndSet(...given) };
}

describe.each([
  ["with hints", (store: TokenStore) => store],
  ["that only reads and writes", plain],
])("over a store %s", (_, over) => {
  it("one of many logs in, and all have the tokens", async () => {
    const store = over(memoryStore());
    const told: number[] = [];
    const sessions = Array.from({ length: 4 }, (_each, index) => begin(store, { waiting: () => told.push(index) }));
    const owner = await Promise.race(sessions.map(async (session) => (await session.asked, session)));
    await expect.poll(() => told.length).toBe(3);
    owner.finish("a");
    expect(await Promise.all(sessions.map(({ result }) => result))).toEqual(["a", "a", "a", "a"]);
    expect(told.length).toBe(3);
    // The refresh token is saved once: nobody writes one over it that was used up meanwhile.
    expect((await cacheOver(store).reread())?.refreshToken).toBe("a-refresh");
  });

  it("an owner that gives no sign of life loses its turn, by the clock of whoever waits", async () => {
    const inner = memoryStore();
    let isCutOff = false;
    const cutOff: TokenStore = {
      read: (...given) => inner.read(...given),
      compareAndSet: async (...given) => (isCutOff ? Promise.reject(new Error("stopped")) : inner.compareAndSet(...given)),
    };
    const first = begin(cutOff);
    await first.asked;
    isCutOff = true;
    const second = begin(over(inner));
    await second.asked;
    second.finish("b");
    expect(await second.result).toBe("b");
    // The first one comes back: its login is not needed any more, and is ended.
    isCutOff = false;
    expect(await first.result).toBe("b");
    expect((await first.asked).aborted).toBe(true);
  });

  it("an owner that keeps giving signs of life keeps its turn", async () => {
    const store = over(memoryStore());
    const first = begin(store);
    await first.asked;
    const second = begin(store);
    let wasAsked = false;
    void second.asked.then(() => (wasAsked = true));
    // Four times as long as an owner may be silent.
    await new Promise<void>((resolve) => void quickClock.schedule(resolve, 60_000));
    expect(wasAsked).toBe(false);
    first.finish("a");
    expect(await second.result).toBe("a");
  });

  it("whose user comes back after the turn was taken over serves everybody", async () => {
    const inner = memoryStore();
    let isCutOff = false;
    const cutOff: TokenStore = {
      read: (...given) => (isCutOff ? Promise.reject(new Error("stopped")) : inner.read(...given)),
      compareAndSet: (...given) => (isCutOff ? Promise.reject(new Error("stopped")) : inner.compareAndSet(...given)),
    };
    const first = begin(cutOff);
    await first.asked;
    isCutOff = true;
    const second = begin(over(inner));
    const signal = await second.asked;
    isCutOff = false;
    first.finish("a");
    expect(await Promise.all([first.result, second.result])).toEqual(["a", "a"]);
    expect(signal.aborted).toBe(true);
  });

  it.each([0, 1, 5, 20])(
    "of two whose users come back at the same time, with a store that takes %i ms, one is saved and serves both",
    async (delay) => {
      const inner = memoryStore();
      const slow = async (): Promise<void> => new Promise((resolve) => void systemClock.schedule(resolve, delay));
      let isMute = false;
      const handle = (isCutOff: () => boolean): TokenStore => ({
        read: async (...given) => (await slow(), inner.read(...given)),
        compareAndSet: async (...given) => {
          await slow();
          if (isCutOff()) throw new Error("stopped");
          return inner.compareAndSet(...given);
        },
      });
      const cutOff = handle(() => isMute);
      const first = begin(cutOff, { tokens: cacheOver(cutOff) });
      await first.asked;
      isMute = true;
      const other = over(handle(() => false));
      const second = begin(other, { tokens: cacheOver(other) });
      await second.asked;
      isMute = false;
      first.finish("a");
      second.finish("b");
      const results = await Promise.all([first.result, second.result]);
      const saved = (await cacheOver(inner).reread())?.accessToken;
      expect(results).toEqual([saved, saved]);
    },
  );

  it("a login that fails is its own caller's error, and the turn is the next one's", async () => {
    const store = over(memoryStore());
    const first = begin(store);
    await first.asked;
    const second = begin(store);
    first.fail(new LoginError("refused", "The user closed the window."));
    expect(await first.result).toBe("ERR_LOGIN_FAILED refused");
    await second.asked;
    second.finish("b");
    expect(await second.result).toBe("b");
  });
});

it("a login that is there already is the result, unless it is over", async () => {
  const store = memoryStore();
  await cacheOver(store).save(tokensOf("before"));
  expect(await begin(store).result).toBe("before");

  const over = createTokenCache({
    source: Object.assign(() => Promise.reject(new LoginRequiredError("It is dead.")), client.refreshToken()),
    store,
    key: "me",
  });
  await over.save(new TokenSet({ accessToken: "old", refreshToken: "dead", tokenType: "Bearer", issuedAt: 0, expiresAt: 1 }));
  const session = begin(store, { tokens: over });
  await session.asked;
  session.finish("after");
  expect(await session.result).toBe("after");
});

it("with `replace`, only a login counts that is finished after the call has begun", async () => {
  const store = memoryStore();
  const before = begin(store);
  await before.asked;
  before.finish("before");
  await before.result;

  const waits = Promise.withResolvers<void>();
  const [first, second] = [0, 1].map(() => begin(store, { replace: true, waiting: waits.resolve })) as [Session, Session];
  const owner = await Promise.race([first, second].map(async (session) => (await session.asked, session)));
  // The other one has seen what stood there before.
  await waits.promise;
  owner.finish("after");
  expect(await Promise.all([first.result, second.result])).toEqual(["after", "after"]);
});

describe("with a function for `replace`", () => {
  const unless =
    (name: string) =>
    ({ accessToken }: TokenSet): boolean =>
      accessToken !== name;

  it("a login that will do is the result, whenever it came", async () => {
    const store = memoryStore();
    await cacheOver(store).save(tokensOf("wide"));
    expect(await begin(store, { replace: unless("wide") }).result).toBe("wide");
  });

  it("one that will not do is replaced, once for all, whose calls begin before and after", async () => {
    const store = memoryStore();
    await cacheOver(store).save(tokensOf("narrow"));
    const [first, second] = [begin(store, { replace: unless("wide") }), begin(store, { replace: unless("wide") })];
    const owner = await Promise.race([first, second].map(async (session) => (await session.asked, session)));
    owner.finish("wide");
    expect(await Promise.all([first.result, second.result])).toEqual(["wide", "wide"]);
    expect(await begin(store, { replace: unless("wide") }).result).toBe("wide");
  });

  it("a login of another process that will not do is followed by one's own", async () => {
    const store = memoryStore();
    const first = begin(store, { replace: unless("a") });
    await first.asked;
    const second = begin(store, { replace: unless("b") });
    first.finish("a");
    await second.asked;
    second.finish("b");
    expect([await first.result, await second.result]).toEqual(["a", "b"]);
  });
});

describe('with `afterRefusal: "reject"`', () => {
  const options = { afterRefusal: "reject" } as const;
  const no = new LoginError("refused", "The user closed the window.");

  it("the user's no is that of all who wait for this window, and of nobody who comes later", async () => {
    const store = memoryStore();
    let waiting = 0;
    const sessions = Array.from({ length: 4 }, () => begin(store, { ...options, waiting: () => (waiting += 1) }));
    const owner = await Promise.race(sessions.map(async (session) => (await session.asked, session)));
    await expect.poll(() => waiting).toBe(3);
    owner.fail(no);
    expect(new Set(await Promise.all(sessions.map(({ result }) => result)))).toEqual(new Set(["ERR_LOGIN_FAILED refused"]));

    const later = begin(store, options);
    await later.asked;
    later.finish("a");
    expect(await later.result).toBe("a");
  });

  it("whoever waits hears of it although somebody else has taken the turn at once", async () => {
    const store = memoryStore();
    const first = begin(store, options);
    await first.asked;
    let isWaiting = false;
    const second = begin(plain(store), { ...options, waiting: () => (isWaiting = true) });
    await expect.poll(() => isWaiting).toBe(true);
    const third = begin(store, { waiting: () => {} });
    first.fail(no);
    await third.asked;
    expect(await second.result).toBe("ERR_LOGIN_FAILED refused");
    third.finish("c");
    expect(await third.result).toBe("c");
  });

  it("any other end leaves the turn to the next one", async () => {
    const store = memoryStore();
    const first = begin(store, options);
    await first.asked;
    const second = begin(store, options);
    first.fail(new LoginError("port", "The port is taken."));
    await second.asked;
    second.finish("b");
    expect(await second.result).toBe("b");
  });
});

it("takes a login of createLogin, whose caches have the tokens afterwards", async () => {
  const store = memoryStore();
  await using login = createLogin({ client, store, key: "me" });
  await sharedLogin(store, "me", async () => tokensOf("a"), { tokens: login });
  expect((await login.for().get()).accessToken).toBe("a");
  expect(login.status().state).toBe("logged-in");
});

it("ends with its signal, and gives the turn away", async () => {
  const store = memoryStore();
  const abort = new AbortController();
  const first = begin(store, { signal: abort.signal });
  const signal = await first.asked;
  const second = begin(store, { signal: abort.signal });
  const third = begin(store);
  abort.abort();
  expect(await Promise.all([first.result, second.result])).toEqual(["ERR_LOGIN_FAILED aborted", "ERR_LOGIN_FAILED aborted"]);
  expect(signal.aborted).toBe(true);
  await third.asked;
  third.finish("c");
  expect(await third.result).toBe("c");
});

it.each([
  ["fails", (session: Session) => session.fail(new Error("The window was closed."))],
  ["is finished", (session: Session) => session.finish("a")],
])("a turn whose login %s stays given up, however late hints come", async (_, end) => {
  const inner = memoryStore();
  let turn = "";
  const later = <Value>(value: Promise<Value>): Promise<Value> => new Promise((resolve) => setTimeout(() => resolve(value), 3));
  const store: TokenStore = {
    read: (key, options) => later(inner.read(key, options)),
    compareAndSet(key, ...given) {
      turn ||= key;
      return later(inner.compareAndSet(key, ...given));
    },
    watch: (key, changed) => inner.watch(key, () => void (changed(), setTimeout(changed, 5))),
  };
  const session = begin(store);
  await session.asked;
  const key = turn;
  end(session);
  await session.result;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect((JSON.parse((await inner.read(key))?.value ?? "{}") as { owner?: string }).owner).toBeUndefined();
});

it("ends in time, whether it has the turn or waits for one that never ends", async () => {
  const store = memoryStore();
  const first = begin(store, { timeout: 60 });
  await first.asked;
  const second = begin(store, { timeout: 10 });
  expect(await second.result).toBe("ERR_LOGIN_FAILED expired");
  expect(await first.result).toBe("ERR_LOGIN_FAILED expired");
});

it("an entry that nobody can read is nobody's turn", async () => {
  const inner = memoryStore();
  const written: string[] = [];
  const store: TokenStore = {
    read: (key, options) => inner.read(key, options),
    compareAndSet: (key, ...given) => (written.push(key), inner.compareAndSet(key, ...given)),
  };
  const first = begin(store);
  await first.asked;
  first.finish("a");
  await first.result;
  const [turn = ""] = written;
  for (const rubbish of ["{", "[]", "null", '{"owner":1}', '{"__proto__":{"owner":"x"}}']) {
    const entry = await inner.read(turn);
    await inner.compareAndSet(turn, entry?.version, rubbish);
    const next = begin(store, { replace: true });
    await next.asked;
    next.finish(rubbish.length.toString());
    expect(await next.result).toBe(rubbish.length.toString());
  }
});

it("a store that is away is told, and nobody is sent to a browser", async () => {
  const away: TokenStore = { read: () => Promise.reject(new Error("away")), compareAndSet: () => Promise.reject(new Error("away")) };
  let asked = 0;
  const login = async (): Promise<TokenSet> => ((asked += 1), tokensOf("a"));
  const error = await failureOf(sharedLogin(away, "me", login, { tokens: cacheOver(away) }));
  expect([(error as { code?: string }).code, asked]).toEqual(["ERR_STORE_UNAVAILABLE", 0]);
});

it.each([
  ["outlasts a store that is away for ten seconds", 10, "a"],
  ["is told of one that stays away", Infinity, "ERR_STORE_UNAVAILABLE undefined"],
])("whoever waits %s", async (_, seconds, expected) => {
  const inner = memoryStore();
  let end = 0;
  const away: TokenStore = {
    read: async (...given) => (quickClock.monotonic() < end ? Promise.reject(new Error("away")) : inner.read(...given)),
    compareAndSet: (...given) => inner.compareAndSet(...given),
  };
  const owner = begin(inner);
  await owner.asked;
  const waiting = Promise.withResolvers<void>();
  const other = begin(away, { waiting: waiting.resolve });
  await waiting.promise;
  end = quickClock.monotonic() + seconds * 1000;
  if (seconds !== Infinity) await new Promise<void>((resolve) => void quickClock.schedule(resolve, seconds * 1000));
  else expect(await other.result).toBe(expected);
  owner.finish("a");
  expect(await owner.result).toBe("a");
  expect(await other.result).toBe(expected);
});

it.each<[string, unknown[], string]>([
  ["no store", [{}, "me", async () => tokensOf("a"), { tokens: cacheOver(memoryStore()) }], "sharedLogin.store"],
  ["no key", [memoryStore(), "", async () => tokensOf("a"), { tokens: cacheOver(memoryStore()) }], "sharedLogin.key"],
  ["no function", [memoryStore(), "me", tokensOf("a"), { tokens: cacheOver(memoryStore()) }], "sharedLogin.login"],
  ["no tokens", [memoryStore(), "me", async () => tokensOf("a"), {}], "sharedLogin.tokens.get"],
  ["a misspelt option", [memoryStore(), "me", async () => tokensOf("a"), { token: 1 }], "sharedLogin.token"],
  [
    "a negative time",
    [memoryStore(), "me", async () => tokensOf("a"), { tokens: cacheOver(memoryStore()), timeout: -1 }],
    "sharedLogin.timeout",
  ],
  [
    "a replacement that is neither",
    [memoryStore(), "me", async () => tokensOf("a"), { tokens: cacheOver(memoryStore()), replace: "always" }],
    "sharedLogin.replace",
  ],
  [
    "another word for what follows a refusal",
    [memoryStore(), "me", async () => tokensOf("a"), { tokens: cacheOver(memoryStore()), afterRefusal: "ignore" }],
    "sharedLogin.afterRefusal",
  ],
])("refuses %s", async (_, given, option) => {
  const error = await failureOf(sharedLogin(...(given as Parameters<typeof sharedLogin>)));
  expect(error).toMatchObject({ code: "ERR_INVALID_OPTION", option });
});

describe("a login that the user has finished is saved, although the entry of the turns cannot be", () => {
  const failures: [string, (operation: "read" | "compareAndSet") => boolean][] = [
    ["read", (operation) => operation === "read"],
    ["written", (operation) => operation === "compareAndSet"],
    ["read or written", () => true],
  ];

  /** The entry of the turns fails from when the user is back. The tokens have a store of their own. */
  async function beginWith(
    fails: (operation: "read" | "compareAndSet") => boolean,
    times: number,
    options: Partial<SharedLoginOptions> = {},
  ) {
    const [inner, tokens] = [memoryStore(), cacheOver(memoryStore())];
    let left = 0;
    const failing = async (operation: "read" | "compareAndSet"): Promise<void> => {
      if (left > 0 && fails(operation)) throw new Error(`away for another ${(left -= 1)}`);
    };
    const store: TokenStore = {
      read: async (...given) => (await failing("read"), inner.read(...given)),
      compareAndSet: async (...given) => (await failing("compareAndSet"), inner.compareAndSet(...given)),
    };
    const session = begin(store, { tokens, ...options });
    await session.asked;
    left = times;
    return { session, tokens };
  }

  it.each(failures.flatMap(([what, fails]) => [1, Number.POSITIVE_INFINITY].map((times) => ({ what, fails, times }))))(
    "$what, $times times",
    async ({ fails, times }) => {
      const { session, tokens } = await beginWith(fails, times);
      session.finish("a");
      expect(await session.result).toBe("a");
      expect(tokens.peek()?.refreshToken).toBe("a-refresh");
    },
  );

  it.each(failures)("but not one whose caller has given up: %s", async (_, fails) => {
    const abort = new AbortController();
    const { session, tokens } = await beginWith(fails, Number.POSITIVE_INFINITY, { signal: abort.signal });
    abort.abort();
    session.finish("a");
    expect(await session.result).toBe("ERR_LOGIN_FAILED aborted");
    expect(tokens.peek()).toBeUndefined();
  });
});

describe("a login of another server, under the same key in the same store", () => {
  const elsewhere = createOAuthClient({ tokenEndpoint: "https://other.example/token", clientId: "id", clientAuth: noClientAuth() });
  const other = (store: TokenStore): TokenCache => createTokenCache({ source: elsewhere.refreshToken(), store, key: "me" });

  it("has turns of its own, and what is finished there does not count here", async () => {
    const store = memoryStore();
    await other(store).save(tokensOf("old"));
    const here = begin(store);
    await here.asked;
    const there = begin(store, { tokens: other(store), replace: true });
    await there.asked;
    here.finish("here");
    there.finish("there");
    expect([await here.result, await there.result]).toEqual(["here", "there"]);
  });
});

it("a login that gives a refresh token alone: all are given an access token", async () => {
  const store = memoryStore();
  const answering = createOAuthClient({
    tokenEndpoint: "https://auth.example.com/token",
    clientId: "id",
    clientAuth: noClientAuth(),
    fetch: async () => Response.json({ access_token: "access", refresh_token: "next", expires_in: 600 }),
  });
  const join = (login: () => Promise<{ refresh_token: string }>): Promise<TokenSet> =>
    sharedLogin(store, "me", login, {
      tokens: createTokenCache({ source: answering.refreshToken(), store, key: "me" }),
      clock: quickClock,
    });
  const all = await Promise.all([join(async () => ({ refresh_token: "first" })), join(async () => ({ refresh_token: "second" }))]);
  expect(all.map(({ accessToken }) => accessToken)).toEqual(["access", "access"]);
});
