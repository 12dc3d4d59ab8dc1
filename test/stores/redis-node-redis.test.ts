import type { TokenStore } from "@tokenflight/core";
import { redisStore } from "@tokenflight/redis";
import { createClient } from "redis";
import { storeContract } from "../contract/store.ts";
import { describeWithRedis } from "./with-redis.ts";

describeWithRedis("node-redis", (server) => {
  storeContract({
    name: "Redis store with node-redis",
    differences: { holder: "no server knows which of its clients has ended" },
    async open() {
      const clients = [createClient({ url: server().url }), createClient({ url: server().url })];
      await Promise.all(clients.map((client) => client.connect()));
      const [store, another] = clients.map((client) => redisStore({ client })) as [TokenStore, TokenStore];
      return {
        store,
        another: async () => another,
        async close() {
          await Promise.all([store.close?.(), another.close?.()]);
          for (const client of clients) client.destroy();
        },
      };
    },
  });
});
