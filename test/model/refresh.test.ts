import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { isFullRun } from "../setup/repetitions.ts";
import { compiler, reasonNotToRun, spin } from "../setup/programs.ts";

const reason = reasonNotToRun(spin) ?? reasonNotToRun(compiler);
const suffix = reason === undefined ? "" : ` (${reason})`;

interface Search {
  errors: number;
  states: number;
  violated: boolean;
}

/** Checks every state of a model, compiled with these definitions. `waitsEnd`: a process that waits for ever is an error, too. */
function check(model: string, definitions: readonly string[], { waitsEnd = false, optimization = "-O1" } = {}): Search {
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
function large(row: [name: string, definitions: string[]]): [name: string, definitions: string[]][] {
  return isFullRun ? [row] : [];
}

function expectNoError(model: string, definitions: readonly string[], waitsEnd = false): void {
  const { errors, states } = check(model, definitions, { waitsEnd });
  process.stdout.write(`${model} ${definitions.join(" ") || "plain"}: ${states} states, ${errors} errors\n`);
  expect(errors).toBe(0);
  expect(states).toBeGreaterThan(1000);
}

/** A mutant fails soon: compiling takes longer than searching. */
function expectViolation(model: string, definitions: readonly string[]): void {
  expect(check(model, definitions, { optimization: "-O0" })).toMatchObject({ errors: 1, violated: true });
}

describe.skipIf(reason)(`processes that share one rotating refresh token${suffix}`, () => {
  const everything = ["EXPIRE", "CRASH", "GONE", "WRONG", "DROP", "FREEZE", "CLOSE", "STUCK"];

  it.each([
    ["", []],
    [", with deadlines that pass at any moment", ["EXPIRE"]],
    [", with a crash, a stop or a lost answer at any step", ["CRASH"]],
    ...large([", with both", ["EXPIRE", "CRASH", "LAST=1"]]),
    [", with both, over more generations and between two processes", ["EXPIRE", "CRASH", "N=2", "LAST=3"]],
    ...large([", with both, at a provider with a grace time", ["EXPIRE", "CRASH", "GRACE", "LAST=1"]]),
    [", closed at any step, or frozen for less than a deadline, for one generation", ["EXPIRE", "CLOSE", "FREEZE", "LAST=1"]],
    [", with a store that calls a living owner gone", ["EXPIRE", "WRONG", "LAST=1"]],
    [", with a runtime that drops a task, for one generation", ["EXPIRE", "DROP", "LAST=1"]],
    ...large([", with an owner whose store takes no writes for a while, for one generation", ["EXPIRE", "STUCK", "LAST=1"]]),
    [", with all of this and two crashes, over more generations and between two processes", [...everything, "CRASHES=2", "N=2", "LAST=3"]],
    [", with all of this at a provider with a grace time, between two processes", [...everything, "GRACE", "CRASHES=2", "N=2", "LAST=2"]],
  ])("send it once, and once more for each owner that nobody knows the end of%s", { timeout: 300_000 }, (_name, definitions) => {
    expectNoError("refresh.pml", definitions);
  });

  it("never wait for the deadline of an owner that the store knows to be gone", { timeout: 300_000 }, () => {
    expectNoError("refresh.pml", ["CRASH", "GONE"], true);
    expect(check("refresh.pml", ["CRASH"], { waitsEnd: true, optimization: "-O0" })).toMatchObject({ errors: 1, violated: false });
  });

  it.each([
    ["no intent", ["EXPIRE", "NO_INTENT"]],
    ["an intent that is checked in one step and written in another", ["EXPIRE", "SEPARATE"]],
    ["a result that is written whatever stands there", ["EXPIRE", "CRASH", "GRACE", "NO_GENERATION", "LAST=1"]],
    ["an owner that does not look at its own deadline", ["EXPIRE", "NO_DEADLINE"]],
    ["a close that does not wait", ["EXPIRE", "NO_WAIT"]],
    ["a thawed process that believes its timer before its answer", ["IMPATIENT"]],
    ["a takeover at once from an owner that is only silent", ["HASTY"]],
    ["a deadline that is counted from the first sight of the owner, not of its intent", ["EXPIRE", "LONG_SEEN"]],
    ["a takeover from a silent owner without an announcement", ["EXPIRE", "STUCK", "NO_ANNOUNCEMENT"]],
    ["a takeover of an announcement that was broken off, without another one", ["EXPIRE", "STUCK", "ONCE", "N=2"]],
    ["a takeover at once of the announcement of an owner that is gone", ["EXPIRE", "CRASH", "GONE", "STUCK", "ONCE", "LAST=1"]],
  ])("fail with %s", { timeout: 300_000 }, (_name, definitions) => {
    expectViolation("refresh.pml", definitions);
  });
});

describe.skipIf(reason)(`sessions that follow each other in one entry${suffix}`, () => {
  it.each([
    ...large(["with two logins or logouts in two processes, one of which refreshes", ["CALLS=2", "LOOKER", "USER2", "DELETE"]]),
    ["with three in one process", ["CALLS=3", "LOOKER", "DELETE"]],
    ["with one, and refreshes in two processes", ["CALLS=1", "LOOKER", "REFRESHER2", "DELETE"]],
    ["with one in either process, and refreshes in both", ["CALLS=1", "USER2", "REFRESHER2", "DELETE"]],
  ])("never come back once they are over, and lose no refresh token: %s", { timeout: 300_000 }, (_name, definitions) => {
    expectNoError("lineage.pml", definitions);
  });

  it.each([
    ["held state of another lineage that is written back", ["HELD", "CALLS=1", "USER2", "DELETE"]],
    ["a late token set that is written over another lineage", ["LATE_RESULT", "CALLS=1", "USER2", "DELETE"]],
    ["a late token set that leaves an older generation of its lineage", ["SAME_GENERATION", "CALLS=0", "REFRESHER2", "DELETE"]],
    ["a note of a failure that is written whatever stands there", ["LATE_NOTE", "CALLS=1"]],
    ["a logout that ends a login which began after it", ["LATE_LOGOUT", "USER2"]],
    ["a logout that spares what its process does not know", ["LOGOUT_BY_MEMORY", "USER2"]],
    ["a logout that found nothing and spares what it finds later", ["LOGOUT_OF_NOTHING", "CALLS=1", "USER2", "DELETE"]],
    ["memory that goes by the generation alone", ["MEMORY_BY_GENERATION", "CALLS=1"]],
    ["memory that believes a late reply", ["LATE_READ", "CALLS=1", "LOOKER"]],
    ["an operator who deletes the record of a logout or of a login in place of another", ["DELETE_ANY", "CALLS=1"]],
  ])("fail with %s", { timeout: 300_000 }, (_name, definitions) => {
    expectViolation("lineage.pml", definitions);
  });
});

describe.skipIf(reason)(`one login with access tokens for two purposes${suffix}`, () => {
  it.each([
    ["", ["LAST=2", "USELESS", "REFUSE"]],
    [
      ", with deadlines that pass at any moment and a crash or a lost answer at any step, between two processes",
      ["EXPIRE", "CRASH", "CACHES=2"],
    ],
    [", with all of this", ["EXPIRE", "CRASH", "USELESS", "REFUSE", "CACHES=2"]],
  ])(
    "sends each refresh token once, keeps every token for its purpose, and asks for none that is not due%s",
    { timeout: 300_000 },
    (_name, definitions) => {
      expectNoError("purposes.pml", definitions);
    },
  );

  it.each([
    ["an intent that stands for one purpose only", ["OWN_INTENTS"]],
    ["a token set that is written for all purposes", ["FOR_ALL"]],
    ["a token set that takes the place of another purpose's", ["DROP_OTHERS"]],
    ["a purpose that is refreshed because another one was", ["EAGER"]],
    ["a refresh token that is dropped because its access token is of no use", ["DROP_KEPT", "USELESS"]],
    ["a refusal of one purpose that ends the login", ["REFUSAL_ENDS", "REFUSE"]],
  ])("fails with %s", { timeout: 300_000 }, (_name, definitions) => {
    expectViolation("purposes.pml", ["CACHES=2", ...definitions]);
  });
});
