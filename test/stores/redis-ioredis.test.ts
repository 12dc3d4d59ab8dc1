import type { TokenStore } from "@tokenflight/core";
import { redisStore } from "@tokenflight/redis";
import { Redis } from "ioredis";
import { storeContract } from "../contract/store.ts";
import { describeWithRedis } from "./with-redis.ts";

describeWithRedis("ioredis", (server) => {
  storeContract({
    name: "Redis store with ioredis",
    differences: { holder: "no server knows which of its clients has ended" },
    async open() {
      const clients = [new Redis(server().port), new Redis(server().port)];
      const [store, another] = clients.map((client) => redisStore({ client })) as [TokenStore, TokenStore];
      return {
        store,
        another: async () => another,
        async close() {
          await Promise.all([store.close?.(), another.close?.()]);
          for (const client of clients) client.disconnect();
        },
      };
    },
  });
});
