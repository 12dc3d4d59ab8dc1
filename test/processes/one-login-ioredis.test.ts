import { it } from "vitest";
import { describeWithRedis } from "../stores/with-redis.ts";
import { shareOneLogin } from "./share-one-login.ts";

describeWithRedis("many processes over Redis", (server) => {
  it("eight processes share one login through Redis with ioredis", { timeout: 120_000 }, (context) =>
    shareOneLogin(context, "Redis with ioredis", { kind: "ioredis", url: server().url }),
  );
});
