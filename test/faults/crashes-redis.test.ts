import { repetitions } from "../setup/repetitions.ts";
import { describe } from "vitest";
import { describeWithRedis } from "../stores/with-redis.ts";
import { describeCrashes } from "./describe-crashes.ts";
import { killInRefresh } from "./kill-in-refresh.ts";
import { stopInRefresh } from "./stop-in-refresh.ts";

describeWithRedis("a process that crashes in a refresh (Redis)", (server) => {
  describe("killed", () => {
    describeCrashes({
      group: "Crashes, Redis",
      signal: "SIGKILL",
      runs: repetitions({ ordinary: 2, full: 10 }),
      store: () => ({ kind: "ioredis", url: server().url }),
      prepare: killInRefresh,
    });
  });
  describe("stopped", () => {
    describeCrashes({
      group: "Crashes, Redis",
      signal: "SIGSTOP",
      runs: repetitions({ ordinary: 2, full: 10 }),
      store: () => ({ kind: "node-redis", url: server().url }),
      prepare: stopInRefresh,
    });
  });
});
