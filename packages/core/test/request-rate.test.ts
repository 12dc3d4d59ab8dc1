import { beforeAll, describe, expect, it } from "vitest";
import { memoryStore } from "../src/store/memory-store.ts";
import type { TokenResponse } from "../src/tokens/token-response.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { response, setUp, type SetUp } from "./set-up.ts";
import { settle } from "./test-clock.ts";

type Options = Parameters<SetUp["tokens"]["get"]>[0];

beforeAll(hashAtOnce);

async function give(all: SetUp, name: string, fields?: Partial<TokenResponse>): Promise<void> {
  await settle();
  all.hand.last.give(response(name, fields));
  await settle();
}

describe("callers whose wish no token set fulfils", () => {
  it.each<[string, Partial<TokenResponse>, Options]>([
    ["more validity than tokens have", {}, { minValidity: 7200 }],
    ["endless validity", {}, { minValidity: Infinity }],
    ["exactly the lifetime", {}, { minValidity: 3600 }],
    ["a token that lives for a tenth of a second", { expires_in: 0.1 }, { minValidity: 0 }],
    ["a token of a second that lives on", { expires_in: 1 }, { minValidity: 1 }],
  ])("get what there is, and the source is asked once a second: %s", async (_, fields, options) => {
    const all = setUp();
    const { tokens, hand, clock } = all;
    for (let steps = 0; steps < 100; steps += 1) {
      const outcome = new Outcome(tokens.get(options));
      await settle();
      if (outcome.state === "pending") await give(all, String(hand.calls.length), fields);
      expect(outcome.state).not.toBe("pending");
      await clock.advance(100);
    }
    expect(hand.calls.length).toBeGreaterThanOrEqual(1);
    expect(hand.calls.length).toBeLessThanOrEqual(11);
  });

  it.each([true, false])(
    "share the second of a token set that another process has obtained in place of theirs, whether they have seen it (%s) or not",
    async (had) => {
      const store = memoryStore();
      const first = setUp({ store, key: "alice" });
      const { clock } = first;
      const second = setUp({ store: { read: store.read, compareAndSet: store.compareAndSet }, key: "alice", clock });
      void first.tokens.get();
      await give(first, "0");
      await second.tokens.get();
      await clock.advance(1000);
      void first.tokens.get({ minValidity: 7200 });
      await give(first, "1");
      await clock.advance(500);
      if (had) await second.tokens.reread();
      const wishes = [new Outcome(second.tokens.get({ minValidity: 7200 }))];
      await clock.advance(400);
      wishes.push(new Outcome(second.tokens.get({ minValidity: 7200 })));
      await settle();
      expect([first.hand.calls.length, second.hand.calls.length]).toEqual([2, 0]);
      expect(wishes.map(({ value }) => value?.accessToken)).toEqual(["access-1", "access-1"]);
      await clock.advance(100);
      const wish = new Outcome(second.tokens.get({ minValidity: 7200 }));
      await give(second, "2");
      expect(wish.value?.accessToken).toBe("access-2");
    },
  );
});

describe("within a second of a token set that was obtained", () => {
  it("a refused one is renewed at once: the growing pause of such refusals bounds that", async () => {
    const all = setUp();
    void all.tokens.get();
    await give(all, "1");
    const renewal = new Outcome(all.tokens.renew(await all.tokens.get()));
    await give(all, "2");
    expect([renewal.value?.accessToken, all.hand.calls.length]).toEqual(["access-2", 2]);
    all.tokens.reportReplay(await all.tokens.get(), false);
    await expect(all.tokens.renew(await all.tokens.get())).rejects.toMatchObject({ code: "ERR_NEW_TOKEN_REFUSED" });
    expect(all.hand.calls).toHaveLength(2);
  });

  it("a wish after a login is fulfilled at once, although a token request was just answered", async () => {
    const all = setUp();
    void all.tokens.get();
    await give(all, "1");
    await all.tokens.save(response("login", { expires_in: 60 }));
    const wish = new Outcome(all.tokens.get({ minValidity: 600 }));
    await give(all, "2");
    expect([wish.value?.accessToken, all.hand.calls.length]).toEqual(["access-2", 2]);
  });

  it("nobody gets one that a logout has ended", async () => {
    const all = setUp();
    void all.tokens.get();
    await give(all, "1");
    await all.tokens.forget();
    const next = new Outcome(all.tokens.get());
    await give(all, "2");
    expect([next.value?.accessToken, all.hand.calls.length]).toEqual(["access-2", 2]);
  });
});
