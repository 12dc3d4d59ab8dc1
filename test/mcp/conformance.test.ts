import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { temporaryFolder } from "../stores/temporary-folder.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const suite = `${root}node_modules/.bin/conformance`;
const client = `${process.execPath} --no-warnings --import ./test/mcp/own-sources.ts test/mcp/conformance-client.ts`;

const { stdout } = await run(suite, ["list", "--client"], { cwd: root });
const scenarios = [...new Set([...stdout.matchAll(/\bauth\/[\w-]+/g)].map(([name]) => name))];

it("the suite has every scenario that the protocol's own clients are measured with", () => {
  expect(scenarios.length).toBeGreaterThanOrEqual(22);
  for (const one of ["auth/client-credentials-jwt", "auth/cross-app-access-complete-flow", "auth/scope-step-up"])
    expect(scenarios).toContain(one);
});

it.each(scenarios)("%s passes, without a warning", { timeout: 90_000 }, async (scenario) => {
  using folder = temporaryFolder();
  const given = ["client", "--command", client, "--scenario", scenario, "--timeout", "60000", "--output-dir", folder.file("results")];
  const result = await run(suite, given, { cwd: root }).catch((error: { stdout: string; stderr: string }) => error);
  const [, passed, all, failed, warnings] = /Passed: (\d+)\/(\d+), (\d+) failed, (\d+) warnings/.exec(result.stdout + result.stderr) ?? [];
  expect([scenario, passed, failed, warnings], `${result.stdout}\n${result.stderr}`).toEqual([scenario, all, "0", "0"]);
  expect(Number(all)).toBeGreaterThan(0);
  expect(result.stdout + result.stderr).not.toContain("CLIENT TIMED OUT");
});
