import { afterAll, describe } from "vitest";
import { temporaryFolder } from "../stores/temporary-folder.ts";
import { describeWithRedis } from "../stores/with-redis.ts";
import { describeCrashedRefreshers } from "./crashed-refreshers.ts";
import { repetitions } from "../setup/repetitions.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

describe("a process that is killed in a refresh of another library (SQLite)", () => {
  describeCrashedRefreshers({
    group: "Crashes beneath another library, SQLite",
    runs: repetitions({ ordinary: 2, full: 25 }),
    store: () => ({ kind: "sqlite", path: folder.file("refreshes.db") }),
  });
});

describeWithRedis("a process that is killed in a refresh of another library (Redis)", (server) => {
  describeCrashedRefreshers({
    group: "Crashes beneath another library, Redis",
    runs: repetitions({ ordinary: 2, full: 25 }),
    store: () => ({ kind: "ioredis", url: server().url }),
  });
});
