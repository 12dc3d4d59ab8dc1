import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { testSqliteFaults, type SqliteFault, type SqliteSetting } from "./sqlite-trouble.ts";
import { goesOn, outlast, outlastInMidRequest, writesAgain, type StoreTrouble } from "./store-trouble.ts";

const locker = new URL("sqlite-locker.ts", import.meta.url);
const execArgv = ["--no-warnings", "--conditions=source"];

type Locker = ChildProcess | Worker;

/** Somebody who has the write lock, and does not let go of it. */
const lockedBy =
  (start: (path: string) => Locker) =>
  ({ path }: SqliteSetting): StoreTrouble => {
    let held: Locker | undefined;
    return {
      async begin() {
        held = start(path);
        await once(held.stdout as Readable, "data");
      },
      async end() {
        const ended = once(held as Locker, "exit");
        (held?.stdin as Writable).end();
        await ended;
      },
    };
  };

const lockers: readonly (readonly [name: string, trouble: (setting: SqliteSetting) => StoreTrouble])[] = [
  [
    "locked by another process",
    lockedBy((path) => spawn(process.execPath, [...execArgv, fileURLToPath(locker), path], { stdio: ["pipe", "pipe", "inherit"] })),
  ],
  ["locked by another thread", lockedBy((path) => new Worker(locker, { argv: [path], execArgv, stdin: true, stdout: true }))],
];

const faults = lockers.flatMap(([fault, trouble]): SqliteFault[] => [
  { fault: `${fault} for a while`, expected: goesOn, run: (setting) => outlast(setting.login, trouble(setting)) },
  {
    fault: `${fault} during a token request`,
    expected: writesAgain,
    run: (setting) => outlastInMidRequest(setting.login, trouble(setting)),
  },
]);

testSqliteFaults("a SQLite file that is locked", faults);
