import { describe, expect, it } from "vitest";
import { check, expectNoError, expectViolation, large, reason, suffix } from "./search.ts";

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
