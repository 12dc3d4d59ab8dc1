import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export const packageNames: string[] = readdirSync(join(root, "packages")).toSorted();

/** Runs a program to its end. Throws with all it printed when it fails. */
export function run(command: string, given: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): string {
  const { status, stdout, stderr, error } = spawnSync(command, given, { encoding: "utf8", cwd: root, ...options });
  if (status === 0) return stdout;
  throw new Error(`${command} ${given.join(" ")} failed with ${status ?? error?.message}:\n${stdout}\n${stderr}`);
}

/** Builds and packs each package as a release would be, into a new folder. */
export function packAll(): Map<string, string> {
  run(join(root, "node_modules/.bin/tsc"), ["--build", ...packageNames.map((name) => `packages/${name}`)]);
  const folder = mkdtempSync(join(tmpdir(), "tokenflight-pack-"));
  // The package manager that runs this script packs, too: it turns `workspace:` versions into real ones.
  const pnpm = process.env["npm_execpath"] ?? "pnpm";
  for (const name of packageNames) run(pnpm, ["pack", "--pack-destination", folder], { cwd: join(root, "packages", name) });
  const tarballs = readdirSync(folder);
  return new Map(
    packageNames.map((name) => {
      const tarball = tarballs.find((file) => file.startsWith(`tokenflight-${name}-`));
      if (tarball === undefined) throw new Error(`packages/${name} was not packed; there is ${tarballs.join(", ")}`);
      return [name, join(folder, tarball)];
    }),
  );
}
