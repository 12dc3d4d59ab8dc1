/**
 * Builds the packages, each twice from one source: ES modules by `tsc --build` into `dist`, and CommonJS modules into `dist/cjs`, with types for each.
 * What is published as ES modules only goes into the CommonJS build, because not every `require` can load it: that of Jest cannot.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inline, type ModuleFormat } from "./inline.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

export const packageNames: string[] = readdirSync(join(root, "packages")).toSorted();

/**
 * What goes into which builds of a package of ours. p-queue is in both: it looks at the platform when it is loaded, and some platforms do not bear that
 * (`platform/p-queue.ts`). A client is its user's own.
 */
const inlined: Record<string, Partial<Record<ModuleFormat, string>>> = {
  core: { esm: "p-queue", cjs: "p-queue" },
  oauth: { cjs: "oauth4webapi" },
};

/** Runs a program to its end. Throws with all it printed when it fails. */
export function run(command: string, given: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): string {
  const { status, stdout, stderr, error } = spawnSync(command, given, { encoding: "utf8", cwd: root, ...options });
  if (status === 0) return stdout;
  throw new Error(`${command} ${given.join(" ")} failed with ${status ?? error?.message}:\n${stdout}\n${stderr}`);
}

const tsc = (...given: string[]): string => run(join(root, "node_modules/.bin/tsc"), given);

export async function buildAll(): Promise<void> {
  tsc("--build", ...packageNames.map((name) => `packages/${name}`));
  for (const name of packageNames) {
    const folder = join(root, "packages", name);
    const { esm, cjs } = inlined[name] ?? {};
    rmSync(join(folder, "dist/cjs"), { recursive: true, force: true });
    removeStale(folder);
    if (esm !== undefined) await inline(esm, folder, join(folder, "dist"), "esm");
    buildCommonJs(folder, join(folder, "dist/cjs"));
    if (cjs !== undefined) await inline(cjs, folder, join(folder, "dist/cjs"), "cjs");
  }
}

/** Removes what was built from files that are gone: it would be published. */
function removeStale(folder: string): void {
  const built = globSync("**/*.{js,d.ts}", { cwd: join(folder, "dist"), exclude: ["vendor/**"] });
  for (const file of built)
    if (!existsSync(join(folder, "src", file.replace(/\.(?:js|d\.ts)$/, ".ts")))) rmSync(join(folder, "dist", file));
}

function buildCommonJs(folder: string, out: string): void {
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
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { sideEffects: false | string[] };
  const sideEffects = manifest.sideEffects && manifest.sideEffects.map((file) => file.replace("./dist/cjs/", "./"));
  writeFileSync(join(out, "package.json"), `${JSON.stringify({ type: "commonjs", sideEffects })}\n`);
  nameResolutionMode(out);
}

/** Clients that are published as ES modules only. */
const moduleOnly = ["got", "ky"];

/**
 * A CommonJS declaration has to say that a type which it imports is one of an ES module, or it is an error (TS1541). Before TypeScript 5.3 nothing can say
 * so, and saying it is a mistake in the syntax: for these compilers there are the declarations as they were.
 */
function nameResolutionMode(out: string): void {
  const names = globSync("**/*.d.ts", { cwd: out });
  const changed = new Map<string, string>();
  for (const name of names) {
    const text = readFileSync(join(out, name), "utf8");
    const named = text.replaceAll(
      new RegExp(`^import (?:type )?(\\{[^}]*\\}) from "(${moduleOnly.join("|")})";$`, "gm"),
      (_, types: string, from: string) =>
        `import type ${types.replaceAll(/\btype (?=\w)/g, "")} from "${from}" with { "resolution-mode": "import" };`,
    );
    if (named !== text) changed.set(name, named);
  }
  if (changed.size === 0) return;
  for (const name of names) cpSync(join(out, name), join(out, "before-5.3", name));
  for (const [name, text] of changed) writeFileSync(join(out, name), text);
}

if (import.meta.main) {
  mkdirSync(join(root, "reports"), { recursive: true });
  await buildAll();
}
