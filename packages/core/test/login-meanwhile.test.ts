import { beforeAll, describe, expect, it } from "vitest";
import { LoginRequiredError } from "../src/errors/refresh-errors.ts";
import { TokenRequestError } from "../src/errors/token-request-error.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import type { TokenSet } from "../src/tokens/token-set.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { response, setUp } from "./set-up.ts";
import { settle, TestClock } from "./test-clock.ts";

beforeAll(hashAtOnce);

/** What a refresh that is awaited fails with; undefined for a session that is over before, so that the source is not asked. */
const ends: [string, Error | undefined][] = [
  ["the session was over before", undefined],
  ["the session ends now", new LoginRequiredError("Over.")],
  ["its outcome is unknown", new TokenRequestError("unknown", "No answer.")],
  ["it was refused", new TokenRequestError("refused", "No.")],
];
const stores: [string, () => object][] = [
  ["without a store", () => ({})],
  ["with a store", () => ({ store: memoryStore(), key: "alice" })],
];

/** In turns of the microtask queue. */
async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) await Promise.resolve();
}

describe.each(stores)("a login %s, saved in whichever moment of a refresh that brings nothing", (_name, options) => {
  it.each(ends)("%s: a caller who is told after it has the new token set", async (_end, error) => {
    const told = new Set<string>();
    for (let moment = -60; moment < 60; moment += 1) {
      const { tokens, events, hand } = setUp({ clock: new TestClock(), ...options() });
      if (error === undefined) {
        tokens.get().catch(() => {});
        await settle();
        hand.last.fail(new LoginRequiredError("Over."));
        await settle();
      }
      const ask = (): Promise<string> =>
        tokens.get().then(
          ({ accessToken }: TokenSet) => accessToken,
          () => (events.some(({ type }) => type === "token-saved") ? "rejected after the login" : "rejected before it"),
        );
      const asked = error === undefined ? undefined : ask();
      await settle();
      const outcome = turns(Math.max(0, -moment)).then(() => {
        if (error !== undefined) hand.last.fail(error);
        return asked ?? ask();
      });
      await turns(Math.max(0, moment));
      const saved = tokens.save(response("new"));

      told.add(await outcome);
      await saved;
      expect((await tokens.get()).accessToken).toBe("access-new");
    }
    expect(told).toEqual(new Set(["access-new", "rejected before it"]));
  });
});
