import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { compiler, reasonNotToRun, spin } from "../setup/programs.ts";

const model = fileURLToPath(new URL("refresh.pml", import.meta.url));
const reason = reasonNotToRun(spin) ?? reasonNotToRun(compiler);

/** Checks every state of the model, compiled with these definitions. */
function check(...definitions: string[]): { errors: number; states: number; violated: boolean } {
  const folder = mkdtempSync(join(tmpdir(), "tokenflight-model-"));
  try {
    const run = (command: string, given: string[]): string => {
      const { status, stdout, stderr } = spawnSync(command, given, { cwd: folder, encoding: "utf8", maxBuffer: 1 << 26 });
      if (status !== 0) throw new Error(`${command} failed:\n${stdout}${stderr}`);
      return stdout;
    };
    run("spin", ["-a", ...definitions.map((name) => `-D${name}`), model]);
    run("cc", ["-O2", "-DSAFETY", "-DCOLLAPSE", "-o", "pan", "pan.c"]);
    // A process that waits for ever for one that has died is no error (-E): nobody lets the deadline pass in some of the variants.
    const printed = run(join(folder, "pan"), ["-E", "-m100000"]);
    if (/max search depth too small|Search not completed.*memory/.test(printed)) throw new Error(`The search was cut short:\n${printed}`);
    const read = (pattern: RegExp): number => Number(pattern.exec(printed)?.[1] ?? Number.NaN);
    return {
      errors: read(/errors: (\d+)/),
      states: read(/(\d+(?:\.\d+)?(?:e\+\d+)?) states, stored/),
      violated: printed.includes("assertion violated"),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.skipIf(reason)(`processes that share one rotating refresh token${reason === undefined ? "" : ` (${reason})`}`, () => {
  it.each([
    ["", []],
    [", with deadlines that pass at any moment", ["EXPIRE"]],
    [", with a crash, a stop or a lost answer at any step", ["CRASH"]],
    [", with both", ["EXPIRE", "CRASH", "LAST=1"]],
    [", with both, over more generations and between two processes", ["EXPIRE", "CRASH", "N=2", "LAST=3"]],
    [", with both, at a provider with a grace time", ["EXPIRE", "CRASH", "GRACE", "LAST=1"]],
  ])("never send it twice without a crash, and once more after one%s", { timeout: 300_000 }, (_name, definitions) => {
    const { errors, states } = check(...definitions);
    process.stdout.write(`model ${definitions.join(" ") || "plain"}: ${states} states, ${errors} errors\n`);
    expect(errors).toBe(0);
    expect(states).toBeGreaterThan(1000);
  });

  it.each([
    ["no intent", ["EXPIRE", "NO_INTENT"]],
    ["an intent that is checked in one step and written in another", ["EXPIRE", "SEPARATE"]],
    ["a result that is written whatever stands there", ["EXPIRE", "CRASH", "GRACE", "NO_GENERATION", "LAST=1"]],
    ["an owner that does not look at its own deadline", ["EXPIRE", "NO_DEADLINE"]],
  ])("fail with %s", { timeout: 300_000 }, (_name, definitions) => {
    expect(check(...definitions)).toMatchObject({ errors: 1, violated: true });
  });
});
