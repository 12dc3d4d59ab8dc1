/**
 * Builds the packages, each twice from one source: ES modules by `tsc --build` into `dist`, and CommonJS modules into `dist/cjs`, with types for each.
 * What is published as ES modules only goes into the CommonJS build, because not every `require` can load it: that of Jest cannot.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));

export const packageNames: string[] = readdirSync(join(root, "packages")).toSorted();

/** Published as ES modules only, by the package of ours that needs it at run time. A client is its user's own. */
const inlined: Record<string, string> = { core: "p-queue", oauth: "oauth4webapi" };

/** Runs a program to its end. Throws with all it printed when it fails. */
export function run(command: string, given: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): string {
  const { status, stdout, stderr, error } = spawnSync(command, given, { encoding: "utf8", cwd: root, ...options });
  if (status === 0) return stdout;
  throw new Error(`${command} ${given.join(" ")} failed with ${status ?? error?.message}:\n${stdout}\n${stderr}`);
}

const tsc = (...given: string[]): string => run(join(root, "node_modules/.bin/tsc"), given);

export async function buildAll(): Promise<void> {
  tsc("--build", ...packageNames.map((name) => `packages/${name}`));
  for (const name of packageNames) await buildCommonJs(name);
}

async function buildCommonJs(name: string): Promise<void> {
  const folder = join(root, "packages", name);
  const out = join(folder, "dist/cjs");
  rmSync(out, { recursive: true, force: true });
  // The types were checked by the build of ES modules.
  const options = {
    module: "commonjs",
    moduleResolution: "bundler",
    verbatimModuleSyntax: "false",
    composite: "false",
    noCheck: "true",
    outDir: out,
  };
  tsc("--project", folder, ...Object.entries(options).flatMap(([option, value]) => [`--${option}`, value]));
  writeFileSync(join(out, "package.json"), '{ "type": "commonjs", "sideEffects": false }\n');
  const foreign = inlined[name];
  if (foreign !== undefined) await inline(foreign, folder, out);
}

/** Puts a package of others into the build, with its licence, and leads every `require` of it there. */
async function inline(foreign: string, folder: string, out: string): Promise<void> {
  const home = join(folder, "node_modules", foreign);
  const vendored = join(out, "vendor", `${foreign}.js`);
  await build({
    entryPoints: [foreign],
    absWorkingDir: folder,
    outfile: vendored,
    bundle: true,
    format: "cjs",
    platform: "neutral",
    target: "es2022",
    legalComments: "inline",
    logLevel: "error",
  });
  const licence = readdirSync(home).find((file) => /^licen[cs]e/i.test(file));
  if (licence === undefined) throw new Error(`${foreign} has no licence to publish it with.`);
  copyFileSync(join(home, licence), join(out, "vendor", `${foreign}.LICENSE`));
  const name = new RegExp(`require\\("#?${foreign}"\\)`, "g");
  for (const file of globSync("**/*.js", { cwd: out })) {
    const path = join(out, file);
    const text = readFileSync(path, "utf8");
    const to = relative(dirname(path), vendored);
    if (name.test(text)) writeFileSync(path, text.replaceAll(name, `require("${to.startsWith(".") ? to : `./${to}`}")`));
  }
}

if (import.meta.main) {
  mkdirSync(join(root, "reports"), { recursive: true });
  await buildAll();
}
