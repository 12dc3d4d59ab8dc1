import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type BuildOptions, type Plugin } from "esbuild";

const sourceOf = (name: string): string => fileURLToPath(new URL(`${name}.ts`, import.meta.url));
const target = "es2022";

/** A program for platforms that find packages themselves, beside the installed packages. */
export async function serverProgram(folder: string, name = "server-program"): Promise<string> {
  const outfile = join(folder, `${name}.mjs`);
  await build({
    entryPoints: [sourceOf(name)],
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

/** The files of a page, by their paths, as bundlers split them: what is loaded late is a file of its own. */
export async function pageProgram(folder: string): Promise<ReadonlyMap<string, string>> {
  const { outputFiles } = await build({
    entryPoints: { page: sourceOf("page-program") },
    outdir: "/",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target,
    write: false,
    plugins: [installedIn(folder)],
  });
  return new Map(outputFiles.map(({ path, text }) => [path, text]));
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
