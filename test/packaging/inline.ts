/**
 * Puts a package of others into a build, with its licence, and leads every import of it there. What that package takes from the platform as soon as it is
 * loaded is given to it by a file in `platform/`, because some platforms lack it, or throw when they are asked for it.
 */
import { copyFileSync, globSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export type ModuleFormat = "esm" | "cjs";

/** `folder` is that of the package of ours, `out` that of the build. Throws when an import of it is left. */
export async function inline(foreign: string, folder: string, out: string, format: ModuleFormat): Promise<void> {
  const vendored = join(out, "vendor", `${foreign}.js`);
  await build({
    entryPoints: [foreign],
    absWorkingDir: folder,
    outfile: vendored,
    bundle: true,
    format,
    platform: "neutral",
    target: "es2022",
    supported: { "class-static-blocks": false },
    inject: [fileURLToPath(new URL(`platform/${foreign}.ts`, import.meta.url))],
    define: { "globalThis.process": "process" },
    legalComments: "inline",
    logLevel: "error",
  });
  const home = join(folder, "node_modules", foreign);
  const licence = readdirSync(home).find((file) => /^licen[cs]e/i.test(file));
  if (licence === undefined) throw new Error(`${foreign} has no licence to publish it with.`);
  copyFileSync(join(home, licence), join(out, "vendor", `${foreign}.LICENSE`));
  for (const file of globSync("**/*.js", { cwd: out, exclude: ["vendor/**"] })) lead(join(out, file), foreign, vendored);
}

function lead(path: string, foreign: string, vendored: string): void {
  const text = readFileSync(path, "utf8");
  const to = relative(dirname(path), vendored);
  const specifier = JSON.stringify(to.startsWith(".") ? to : `./${to}`);
  const led = text.replaceAll(
    new RegExp(`(\\brequire\\(|\\bfrom |\\bimport\\()"${foreign}"`, "g"),
    (_, before: string) => before + specifier,
  );
  if (led.includes(`"${foreign}"`)) throw new Error(`${path} still asks for ${foreign}.`);
  if (led !== text) writeFileSync(path, led);
}
