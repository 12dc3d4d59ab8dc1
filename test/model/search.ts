import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { compiler, reasonNotToRun, spin } from "../setup/programs.ts";
import { isFullRun } from "../setup/repetitions.ts";

/** Why no model can be searched on this machine, if none can. */
export const reason = reasonNotToRun(spin) ?? reasonNotToRun(compiler);
/** The reason, to stand behind the name of what is skipped. */
export const suffix = reason === undefined ? "" : ` (${reason})`;

interface Search {
  errors: number;
  states: number;
  violated: boolean;
}

/** Checks every state of a model, compiled with these definitions. `waitsEnd`: a process that waits for ever is an error, too. */
export function check(model: string, definitions: readonly string[], { waitsEnd = false, optimization = "-O1" } = {}): Search {
  const folder = mkdtempSync(join(tmpdir(), "tokenflight-model-"));
  try {
    const run = (command: string, given: string[]): string => {
      const { status, stdout, stderr } = spawnSync(command, given, { cwd: folder, encoding: "utf8", maxBuffer: 1 << 26 });
      if (status !== 0) throw new Error(`${command} failed:\n${stdout}${stderr}`);
      return stdout;
    };
    run("spin", ["-a", ...definitions.map((name) => `-D${name}`), fileURLToPath(new URL(model, import.meta.url))]);
    run("cc", [optimization, "-DSAFETY", "-DCOLLAPSE", "-o", "pan", "pan.c"]);
    // Without -E it is an error that a process waits for one that has died: nobody lets the deadline pass in some of the variants.
    const printed = run(join(folder, "pan"), [...(waitsEnd ? [] : ["-E"]), "-m100000"]);
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

/** A search of many seconds, for full runs: what it has that others have not is that three processes do at the same time what two do there. */
export function large(row: [name: string, definitions: string[]]): [name: string, definitions: string[]][] {
  return isFullRun ? [row] : [];
}

export function expectNoError(model: string, definitions: readonly string[], waitsEnd = false): void {
  const { errors, states } = check(model, definitions, { waitsEnd });
  process.stdout.write(`${model} ${definitions.join(" ") || "plain"}: ${states} states, ${errors} errors\n`);
  expect(errors).toBe(0);
  expect(states).toBeGreaterThan(1000);
}

/** A mutant fails soon: compiling takes longer than searching. */
export function expectViolation(model: string, definitions: readonly string[]): void {
  expect(check(model, definitions, { optimization: "-O0" })).toMatchObject({ errors: 1, violated: true });
}
