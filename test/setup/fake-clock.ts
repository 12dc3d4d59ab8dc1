import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";

/** The time of day of one process, which a test can change while it runs. Its monotonic clock goes on as it is. */
export interface FakeClock {
  /** What the process has to find in its environment when it starts. */
  readonly env: NodeJS.ProcessEnv;
  /** Sets the clock so many hours before (below zero) or after the real time. */
  set(hours: number): void;
}

/** `file` is where the library looks for the time, at each look at the clock. It begins with the real time. */
export function fakeClock(file: string): FakeClock {
  const { stdout } = spawnSync("faketime", ["-m", "-f", "+0", "printenv", "LD_PRELOAD"], { encoding: "utf8" });
  if (!stdout?.includes("libfaketime")) throw new Error("The command faketime does not tell where its library is.");
  const set = (hours: number): void => writeFileSync(file, `${hours < 0 ? "-" : "+"}${Math.abs(hours)}h\n`);
  set(0);
  return {
    env: {
      LD_PRELOAD: stdout.trim(),
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      // The name until version 0.9.9, and the one since.
      DONT_FAKE_MONOTONIC: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    },
    set,
  };
}
