import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import type { Finding } from "./pollute.ts";
import { optionNames } from "./option-names.ts";
import { calls } from "./public-functions.ts";

describe("with all options of ours written to Object.prototype, as by a flaw elsewhere in a program", () => {
  let findings: readonly Finding[] = [];
  beforeAll(async () => {
    // In a process of its own: nothing but the call is to meet such a prototype.
    const program = fileURLToPath(new URL("pollute.ts", import.meta.url));
    const given = ["--no-warnings", "--conditions=source", program];
    const { stdout } = await promisify(execFile)(process.execPath, given, { maxBuffer: 2 ** 26 });
    findings = JSON.parse(stdout) as Finding[];
  }, 120_000);

  it.each(Object.keys(calls))("%s reads nothing from there, and does what it would without", (call) => {
    expect(findings.find((finding) => finding.call === call)).toEqual({ call, reads: [] });
  });

  it("every option of the packages was tried", () => {
    expect(optionNames()).toEqual(
      expect.arrayContaining(["store", "clock", "queue", "timeouts", "freshness", "ttl", "signal", "minValidity"]),
    );
    expect(optionNames().length).toBeGreaterThan(80);
  });
});
