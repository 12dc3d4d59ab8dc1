import { inspect } from "node:util";
import { createTokenCache, type TokenStore } from "@tokenflight/core";
import { redisStore } from "@tokenflight/redis";
import { describe, expect, it, vi } from "vitest";
import { redisDrivers, type Connected } from "./redis-drivers.ts";
import { describeWithRedis } from "./with-redis.ts";

/** What a user may do who is allowed what the store needs, and nothing of what it would like. */
const needed = ["+eval", "+evalsha", "+get", "+getrange", "+set", "+del", "+hello", "+client"];

describeWithRedis("whoever waits for another one's refresh in a Redis store", (server) => {
  describe.each(redisDrivers)("with $name", (driver) => {
    it.each([
      ["is told when it is done", "may subscribe", ["allchannels", "+@all"]],
      ["finds it by looking", "may neither publish nor subscribe", ["resetchannels", "-@all", ...needed]],
    ])("%s, as a user who %s", async (_, __, rights) => {
      const admin = await driver.connect(server().url);
      const user = `user-${crypto.randomUUID()}`;
      await admin.command("ACL", "SETUSER", user, "on", ">password", "~tokenflight:*", ...rights);
      const url = server().url.replace("//", `//${user}:password@`);
      const connected = [await driver.connect(url), await driver.connect(url)];
      const stores = connected.map(({ client }) => redisStore({ client, warn: () => {} }));
      const looks = vi.spyOn(stores[1] as TokenStore, "read");
      const key = crypto.randomUUID();
      const answer = Promise.withResolvers<{ access_token: string; expires_in: number }>();
      const source = vi.fn(() => answer.promise);
      const [one, two] = stores.map((store) => createTokenCache({ source, store, identity: "crm", key, timeouts: { store: 5 } }));
      const first = one?.get();
      await vi.waitFor(() => expect(source).toHaveBeenCalledTimes(1), 5000);
      const second = two?.get();
      // It has looked, and looks again from time to time.
      await vi.waitFor(() => expect(looks.mock.calls.length).toBeGreaterThan(2), 5000);
      const channels = rights.includes("+@all") ? 1 : 0;
      await vi.waitFor(async () => expect(await admin.command("PUBSUB", "CHANNELS")).toHaveLength(channels), 5000);
      answer.resolve({ access_token: "shared", expires_in: 600 });
      const tokens = await Promise.all([first, second]);
      expect(tokens.map((each) => each?.accessToken)).toEqual(["shared", "shared"]);
      expect(source).toHaveBeenCalledTimes(1);
      for (const store of stores) await store.close?.();
      for (const { close } of [...connected, admin]) close();
    });

    it("on a connection that waits in a blocking command, is told that the store did not answer; on one of its own it gets its token", async () => {
      const [shared, own] = [await driver.connect(server().url), await driver.connect(server().url)];
      const blocked = shared.command("BLPOP", `nothing-${crypto.randomUUID()}`, "3");
      const tokensOver = ({ client }: Connected): Promise<unknown> =>
        createTokenCache({
          source: async () => ({ access_token: "a", expires_in: 600 }),
          store: redisStore({ client, warn: () => {} }),
          identity: "crm",
          key: crypto.randomUUID(),
        }).get();
      const failure: unknown = await tokensOver(shared).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: "ERR_STORE_UNAVAILABLE" });
      expect(inspect(failure)).toContain("did not answer within 1000 ms");
      expect(await tokensOver(own)).toMatchObject({ accessToken: "a" });
      await blocked;
      for (const { close } of [shared, own]) close();
    });
  });
});
