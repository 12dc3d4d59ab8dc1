import { afterAll, describe } from "vitest";
import { temporaryFolder } from "../stores/temporary-folder.ts";
import { repetitions } from "../setup/repetitions.ts";
import { describeCrashes } from "./describe-crashes.ts";
import { killInRefresh } from "./kill-in-refresh.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

describe("a process that is killed in a refresh (SQLite)", () => {
  describeCrashes({
    group: "Crashes, SQLite",
    signal: "SIGKILL",
    runs: repetitions({ ordinary: 10, full: 50 }),
    store: () => ({ kind: "sqlite", path: folder.file("tokens.db") }),
    endIsKnown: true,
    prepare: killInRefresh,
  });
});
