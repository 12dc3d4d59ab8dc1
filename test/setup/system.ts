/**
 * Brings the programs that tests need and npm does not have, before the tests run. As root on Debian it installs what is missing; elsewhere
 * it names the command. It fails with CI=true only: a developer's machine runs all other tests and counts these as skipped.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { installCommand, isInstalled, programs } from "./programs.ts";

function aptGet(...given: string[]): void {
  process.stdout.write(`apt-get ${given.join(" ")}\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  spawnSync("apt-get", given, { stdio: ["ignore", "inherit", "inherit"], env });
}

let missing = programs.filter((program) => !isInstalled(program));
if (missing.length > 0 && existsSync("/etc/debian_version") && process.getuid?.() === 0) {
  aptGet("update");
  aptGet("install", "--yes", "--no-install-recommends", ...missing.flatMap((program) => program.package.split(" ")));
  missing = programs.filter((program) => !isInstalled(program));
}

for (const program of programs) process.stdout.write(`${program.name}: ${missing.includes(program) ? "missing" : "ready"}\n`);
if (missing.length > 0) {
  process.stdout.write(`${installCommand(missing)}   brings what is missing; until then its tests are counted as skipped.\n`);
  if (process.env["CI"] === "true") process.exitCode = 1;
}
