import { afterEach, describe, expect, it } from "vitest";
import { createTokenCache, createTokenPool, memoryStore, type TokenCache, type TokenSource } from "@tokenflight/core";
import { libraries, outcomeOf } from "./fake-timers.ts";

const hour = 3_600_000;

function numbered(): TokenSource {
  let calls = 0;
  return async () => ({ access_token: `T${(calls += 1)}`, expires_in: 600 });
}

/** Two ways to a cache: of one subject, with what it holds to itself, and of a pool, over a store. */
const caches: readonly (readonly [string, (source: TokenSource) => TokenCache])[] = [
  ["a cache", (source) => createTokenCache({ source })],
  ["a cache with a store", (source) => createTokenCache({ source, store: memoryStore(), identity: "crm", key: "ada" })],
  ["a pool", (source) => createTokenPool({ source: () => source }).for("ada")],
];

describe.each(libraries)("$name", ({ install, advance, uninstall, movesTimers }) => {
  afterEach(uninstall);

  describe.each(caches)("%s", (_, create) => {
    const get = async (tokens: TokenCache): Promise<unknown> => {
      const obtained = await outcomeOf(tokens.get());
      return typeof obtained === "string" ? obtained : obtained.accessToken;
    };

    it.each(["before", "after"] as const)("installed %s the cache was made: a token expires when time moves on", async (when) => {
      if (when === "before") install();
      const tokens = create(numbered());
      if (when === "after") install();
      expect(await get(tokens)).toBe("T1");
      expect(await get(tokens)).toBe("T1");
      await advance(hour);
      expect(tokens.peek()).toBeUndefined();
      expect(await get(tokens)).toBe("T2");
    });

    it.each(["before", "after"] as const)(
      "installed %s the cache was made: the pause after a failure ends when time moves on",
      async (when) => {
        let calls = 0;
        const source: TokenSource = async () => {
          calls += 1;
          throw new Error("vault is sealed");
        };
        if (when === "before") install();
        const tokens = create(source);
        if (when === "after") install();
        expect(await get(tokens)).toBe("ERR_TOKEN_REQUEST_UNKNOWN");
        expect(await get(tokens)).toBe("ERR_TOKEN_REQUEST_UNKNOWN");
        expect(calls).toBe(1);
        await advance(hour);
        expect(await get(tokens)).toBe("ERR_TOKEN_REQUEST_UNKNOWN");
        expect(calls).toBe(2);
      },
    );

    it("a token that was obtained before goes on being good, and expires when time moves on", async () => {
      const tokens = create(numbered());
      expect(await get(tokens)).toBe("T1");
      install();
      expect(await get(tokens)).toBe("T1");
      await advance(hour);
      expect(await get(tokens)).toBe("T2");
    });

    it("uninstalled after an hour: time jumps back, and nothing hangs", async () => {
      install();
      let fails = false;
      const answer = numbered();
      const tokens = create(async (context) => {
        if (fails) throw new Error("vault is sealed");
        return answer(context);
      });
      expect(await get(tokens)).toBe("T1");
      await advance(hour);
      fails = true;
      expect(await get(tokens)).toBe("ERR_TOKEN_REQUEST_UNKNOWN");
      uninstall();
      fails = false;
      // The token of the hour before is good again, or a failure that is "in the future" is over: either is an answer.
      expect(await get(tokens)).toMatch(/^T[12]$/);
      await expect(outcomeOf(tokens.save({ access_token: "saved", expires_in: 60 }))).resolves.toMatchObject({ accessToken: "saved" });
      expect(await get(tokens)).toBe("saved");
    });

    it.runIf(movesTimers)("a source that never answers times out when time moves on", async () => {
      install();
      const asked = Promise.withResolvers<void>();
      const tokens = create(() => {
        asked.resolve();
        return new Promise(() => {});
      });
      const obtained = get(tokens);
      await asked.promise;
      await advance(11_000);
      expect(await obtained).toBe("ERR_TOKEN_REQUEST_UNKNOWN");
    });
  });
});
