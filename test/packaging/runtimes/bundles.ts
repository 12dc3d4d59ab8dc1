import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type BuildOptions, type Plugin } from "esbuild";

const sourceOf = (name: string): string => fileURLToPath(new URL(`${name}.ts`, import.meta.url));
const target = "es2022";

/** The program for platforms that find packages themselves, beside the installed packages. */
export async function serverProgram(folder: string): Promise<string> {
  const outfile = join(folder, "contract.mjs");
  await build({
    entryPoints: [sourceOf("server-program")],
    outfile,
    bundle: true,
    packages: "external",
    format: "esm",
    platform: "node",
    target,
  });
  return outfile;
}

/** The worker with all that it imports, as bundlers for this platform put it together. */
export async function workerProgram(folder: string, platform: "workerd" | "edge-light"): Promise<string> {
  const format: BuildOptions = platform === "workerd" ? { format: "esm" } : { format: "iife", globalName: "worker" };
  const { outputFiles } = await build({
    ...format,
    entryPoints: [sourceOf("worker-program")],
    bundle: true,
    platform: "browser",
    conditions: [platform, "worker"],
    target,
    write: false,
    plugins: [installedIn(folder)],
  });
  return outputFiles[0]?.text ?? "";
}

/** What the program imports is looked for in the folder, and not in this repository. */
function installedIn(folder: string): Plugin {
  return {
    name: "installed",
    setup({ onResolve, resolve }) {
      onResolve({ filter: /^[@\w]/ }, async ({ path, importer, kind }) =>
        importer.startsWith(sourceOf("").replace(/\.ts$/, "")) ? resolve(path, { resolveDir: folder, kind }) : undefined,
      );
    },
  };
}
