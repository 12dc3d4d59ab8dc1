import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, expect, it } from "vitest";
import { compileCache } from "../processes/start-process.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const suite = `${root}node_modules/.bin/conformance`;
/** Each scenario has a client of its own: what was compiled for one serves the next. */
const env = { ...process.env, NODE_COMPILE_CACHE: compileCache };
const client = `${process.execPath} --no-warnings --import ./test/mcp/own-sources.ts test/mcp/conformance-client.ts`;

const { stdout: list } = await run(suite, ["list", "--client"], { cwd: root });
const scenarios = [...new Set([...list.matchAll(/\bauth\/[\w-]+/g)].map(([name]) => name))];

/** Those of the suite's own parts that have something about authorization. */
const parts = ["auth", "backcompat", "draft", "extensions"];
let results: Map<string, string>;
let said: string;

beforeAll(async () => {
  said = "";
  for (const part of parts) {
    const given = ["client", "--suite", part, "--command", client, "--timeout", "60000"];
    // It has a status of its own for failures.
    const { stdout, stderr } = await run(suite, given, { cwd: root, env }).catch((error: { stdout: string; stderr: string }) => error);
    said += stdout + stderr;
  }
  results = new Map([...said.matchAll(/^[✓✗] (auth\/[\w-]+): (.*)$/gm)].map(([, name = "", result = ""]) => [name, result]));
}, 240_000);

it("the suite has every scenario that the protocol's own clients are measured with", () => {
  expect(scenarios.length).toBeGreaterThanOrEqual(22);
  for (const one of ["auth/client-credentials-jwt", "auth/cross-app-access-complete-flow", "auth/scope-step-up"])
    expect(scenarios).toContain(one);
  expect(said).not.toContain("Client timed out");
});

it.each(scenarios)("%s passes, without a warning", (scenario) => {
  // Warnings would stand behind the failures.
  expect(results.get(scenario), said).toMatch(/^[1-9]\d* passed, 0 failed$/);
});
