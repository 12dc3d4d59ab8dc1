import { describe, it } from "vitest";
import { expectNoError, expectViolation, large, reason, suffix } from "./search.ts";

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
