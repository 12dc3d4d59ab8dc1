/**
 * The whole test command: each step in a process of its own, in the order in which a mistake is found soonest. With `--full` what is tried many
 * times is tried as often as docs/reliability.md says, and that page is written.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const report = "reports/tests.json";

interface Step {
  name: string;
  command: string;
  arguments: string[];
}

const packages = readdirSync(`${root}packages`).map((name) => `packages/${name}`);

const steps: Step[] = [
  { name: "format", command: "oxfmt", arguments: ["--check", "."] },
  { name: "types", command: "tsc", arguments: ["--noEmit", "--project", "test"] },
  // Lint sees the types of other packages as they are published, so they have to be built.
  { name: "build", command: "tsc", arguments: ["--build", ...packages] },
  { name: "lint", command: "oxlint", arguments: ["--deny-warnings"] },
  { name: "packages", command: "node", arguments: ["--conditions=source", "test/packaging/check.ts"] },
  { name: "sizes", command: "node", arguments: ["--conditions=source", "test/bench/sizes/check.ts"] },
  { name: "system", command: "node", arguments: ["--conditions=source", "test/setup/system.ts"] },
  {
    name: "tests",
    command: "vitest",
    arguments: ["run", "--config", "test/vitest.config.ts", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
  },
  { name: "pages", command: "node", arguments: ["--conditions=source", "test/run/adapters-page.ts"] },
  { name: "pages", command: "node", arguments: ["--conditions=source", "test/run/reliability-page.ts"] },
  { name: "pages", command: "node", arguments: ["--conditions=source", "test/run/providers-page.ts"] },
  { name: "pages", command: "node", arguments: ["--conditions=source", "test/run/runtimes-page.ts"] },
  { name: "pages", command: "node", arguments: ["--conditions=source", "test/run/versions-page.ts"] },
];

const isFull = process.argv.includes("--full");
rmSync(`${root}reports`, { recursive: true, force: true });
mkdirSync(`${root}reports`);

for (const { name, command, arguments: given } of steps) {
  process.stdout.write(`\n# ${name}\n`);
  const started = performance.now();
  const { status, error } = spawnSync(command, given, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, TOKENFLIGHT_WHOLE: "1", ...(isFull && { TOKENFLIGHT_FULL: "1" }) },
  });
  if (error !== undefined) process.stderr.write(`${command} did not start: ${error.message}\n`);
  process.stdout.write(`# ${name}: ${status === 0 ? "ok" : "failed"} after ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
  if (status !== 0) {
    if (name === "tests") summarise();
    process.exit(1);
  }
}
summarise();

/** The last line says how many tests there were, for whoever reads only that. */
function summarise(): void {
  const counts = JSON.parse(readFileSync(root + report, "utf8")) as Record<string, number>;
  const skipped = (counts["numPendingTests"] ?? 0) + (counts["numTodoTests"] ?? 0);
  const tail = skipped > 0 ? `, ${skipped} skipped` : "";
  process.stdout.write(`\ntests: ${counts["numPassedTests"]} passed, ${counts["numFailedTests"]} failed${tail}\n`);
}
