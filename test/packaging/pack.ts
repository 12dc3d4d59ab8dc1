import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildAll, packageNames, run } from "./build.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Builds and packs each package as a release would be, into a new folder. */
export async function packAll(): Promise<Map<string, string>> {
  await buildAll();
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
