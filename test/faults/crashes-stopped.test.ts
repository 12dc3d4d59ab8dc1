import { afterAll, describe } from "vitest";
import { temporaryFolder } from "../stores/temporary-folder.ts";
import { repetitions } from "../setup/repetitions.ts";
import { describeCrashes } from "./describe-crashes.ts";
import { stopInRefresh } from "./stop-in-refresh.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

describe("a process that is stopped in a refresh and goes on late (SQLite)", () => {
  describeCrashes({
    group: "Crashes, SQLite",
    signal: "SIGSTOP",
    runs: repetitions({ ordinary: 10, full: 50 }),
    store: () => ({ kind: "sqlite", path: folder.file("tokens.db") }),
    prepare: stopInRefresh,
  });
});
