import { describe, expect, it } from "vitest";
import { createTokenCache } from "../src/cache/create-token-cache.ts";
import { createTokenPool } from "../src/cache/token-pool.ts";
import { InvalidOptionError } from "../src/errors/tokenflight-error.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import type { SourceContext, TokenSource } from "../src/tokens/token-source.ts";
import { wrapSource } from "../src/tokens/wrap-source.ts";
import { HandSource } from "./hand-source.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { response, setUp } from "./set-up.ts";
import { settle, TestClock } from "./test-clock.ts";

hashAtOnce();

const giving = (token: string, identity?: string): TokenSource =>
  Object.assign(async () => ({ access_token: token, expires_in: 3600 }), identity !== undefined && { identity });

describe("a function as token source, with a store (field line 102)", () => {
  const makers: [string, (source: TokenSource, identity?: string) => unknown][] = [
    ["a cache", (source, identity) => createTokenCache({ source, store: memoryStore(), key: "user", identity })],
    ["a pool", (source, identity) => createTokenPool({ source: () => source, store: memoryStore(), identity }).for("user")],
  ];

  it.each(makers)("has to have a name in %s, and the error says how", (_, make) => {
    const make1 = (): unknown => make(giving("a"));
    expect(make1).toThrow(InvalidOptionError);
    expect(make1).toThrow(
      "identity: expected a name, with a store: the option identity, or source.identity (`wrapSource` keeps that of a grant), got nothing.",
    );
    expect(() => make(giving("a"), "crm")).not.toThrow();
    expect(() => make(giving("a", "crm"))).not.toThrow();
  });

  it("has a name that is a text with something in it", () => {
    for (const identity of ["", 5, null, {}])
      for (const [, make] of makers) expect(() => make(giving("a"), identity as never)).toThrow(InvalidOptionError);
    for (const identity of ["", 5, null, {}])
      for (const [, make] of makers) expect(() => make(giving("a", identity as never))).toThrow(InvalidOptionError);
  });

  it("needs no name without a store, nor in a pool whose store is its own", async () => {
    expect((await createTokenCache({ source: giving("a") }).get()).accessToken).toBe("a");
    expect(
      (
        await createTokenPool({ source: () => giving("a") })
          .for("user")
          .get()
      ).accessToken,
    ).toBe("a");
  });

  it("never meets another one under the same key: the token of one goes nowhere else", async () => {
    const store = memoryStore();
    const [crm, mail] = ["crm", "mail"].map((identity) =>
      createTokenCache({ source: giving(`${identity}-token`), store, key: "user", identity }),
    );
    expect((await crm?.get())?.accessToken).toBe("crm-token");
    expect((await mail?.get())?.accessToken).toBe("mail-token");
    expect((await crm?.reread())?.accessToken).toBe("crm-token");
  });

  it("finds its logins again under the option `identity`, whatever becomes of the source", async () => {
    const store = memoryStore();
    const clock = new TestClock();
    const shared = { store, key: "user", identity: "crm", clock };
    await createTokenCache({ ...shared, source: giving("a", "server one") }).save(response("kept"));
    const sources = [giving("b", "server two"), giving("b"), wrapSource(giving("b", "server one"), (context, ask) => ask(context))];
    for (const source of sources) expect((await createTokenCache({ ...shared, source }).get()).accessToken).toBe("access-kept");
  });

  it("with an `identity` of its own shares it with the option of that name", async () => {
    const store = memoryStore();
    await createTokenCache({ store, key: "user", source: giving("a", "crm") }).save(response("kept"));
    expect((await createTokenCache({ store, key: "user", source: giving("b"), identity: "crm" }).get()).accessToken).toBe("access-kept");
  });

  it("is not named by what an object inherits", () => {
    const inheriting = Object.setPrototypeOf(
      giving("a"),
      Object.assign(() => {}, { identity: "inherited" }),
    ) as TokenSource;
    expect(() => createTokenCache({ source: inheriting, store: memoryStore(), key: "user" })).toThrow(InvalidOptionError);
  });
});

describe("a source of tokens without a login, beside a login of the same name and key", () => {
  const loginless = (purpose: string | undefined): HandSource =>
    new HandSource({ ...(purpose !== undefined && { purpose }), requiresLogin: false });

  it.each(["identity of the source", "option identity"])("(%s) has an entry of its own, and neither touches the other", async (place) => {
    const store = memoryStore();
    const clock = new TestClock();
    const shared = { store, key: "user", clock, ...(place === "option identity" && { identity: "crm" }) };
    const user = setUp({ ...shared, hand: new HandSource({ requiresLogin: true, purpose: "one" }) });
    const others = ["one", "two", undefined].map((purpose) => setUp({ ...shared, hand: loginless(purpose) }));
    await user.tokens.save(response("user"));
    for (const [index, { tokens, hand }] of others.entries()) {
      const got = tokens.get();
      await settle();
      expect(hand.last.context.previous).toBeUndefined();
      hand.last.give(response(`client-${index}`));
      expect((await got).accessToken).toBe(`access-client-${index}`);
    }
    // Whoever begins now finds what is its own.
    const again = await setUp({ ...shared, hand: loginless("one") }).tokens.get();
    expect(again.accessToken).toBe("access-client-0");
    expect(await user.tokens.reread()).toMatchObject({ accessToken: "access-user", refreshToken: "refresh-user" });
    await others[1]?.tokens.forget();
    expect(await user.tokens.reread()).toMatchObject({ refreshToken: "refresh-user" });
    await user.tokens.forget();
    expect(await others[0]?.tokens.reread()).toMatchObject({ accessToken: "access-client-0" });
  });
});

describe("a source that was wrapped (field line 102)", () => {
  const traits = { spendsRefreshToken: true, refreshTokenGrace: 5, identity: "crm", purpose: "api", requiresLogin: true };

  it("keeps all that the source says of itself, and leaves that one as it was", () => {
    const { source } = new HandSource(traits);
    Object.assign(source, { revoke: async () => {} });
    const before = { ...source };
    const wrapped = wrapSource(source, (context, ask) => ask(context));
    expect({ ...wrapped }).toEqual(before);
    expect({ ...source }).toEqual(before);
    expect(wrapped).not.toBe(source);
  });

  it("finds the login that was stored before", async () => {
    const store = memoryStore();
    const clock = new TestClock();
    const hand = new HandSource(traits);
    await setUp({ store, key: "user", clock, hand }).tokens.save(response("1"));
    const seen: string[] = [];
    const source = wrapSource(hand.source, async (context, ask) => {
      seen.push(context.reason);
      return ask(context);
    });
    const { tokens } = setUp({ store, key: "user", clock, hand, source });
    expect((await tokens.get()).accessToken).toBe("access-1");
    await clock.advance(7_200_000);
    const got = tokens.get();
    await settle();
    expect(hand.last.context.previous?.refreshToken).toBe("refresh-1");
    hand.last.give(response("2"));
    expect((await got).accessToken).toBe("access-2");
    expect(seen).toEqual(["expired"]);
  });

  it("may give something else, change what it is asked, or fail", async () => {
    const asked: SourceContext[] = [];
    const source: TokenSource = async (context) => {
      asked.push(context);
      return { access_token: "inner" };
    };
    const changing = wrapSource(source, async (context, ask) => ({
      ...(await ask({ ...context, reason: "refused" })),
      access_token: "outer",
    }));
    expect((await createTokenCache({ source: changing }).get()).accessToken).toBe("outer");
    expect(asked.map(({ reason }) => reason)).toEqual(["refused"]);
    const throwing = wrapSource(source, () => {
      throw new Error("no");
    });
    await expect(createTokenCache({ source: throwing }).get()).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST_UNKNOWN" });
  });

  it("has to be made of two functions", () => {
    for (const [source, wrapper] of [
      [undefined, () => {}],
      [{}, () => {}],
      [giving("a"), undefined],
      [giving("a"), {}],
    ])
      expect(() => wrapSource(source as never, wrapper as never)).toThrow(InvalidOptionError);
  });
});
