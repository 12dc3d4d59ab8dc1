import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type BuildResult, type Plugin } from "esbuild";

/** All in bytes. */
export interface BundleSize {
  /** What a program loads at its start. */
  readonly minified: number;
  readonly gzipped: number;
  /** The same with what it may load later, when it is called for. */
  readonly withLater: number;
  /** What each file adds to `minified`, by its path in the project; a package of others is one. */
  readonly weights: ReadonlyMap<string, number>;
}

const bench = fileURLToPath(new URL("..", import.meta.url));
const project = fileURLToPath(new URL("../../..", import.meta.url));

/** A bundler puts what is loaded by `await import()` into files of its own. */
const later: Plugin = {
  name: "later",
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ kind, path }) => (kind === "dynamic-import" ? { path, external: true } : undefined));
  },
};

/** Bytes of a program with everything that it imports, except the packages and modules that are left out. */
export async function bundleSize(program: string, leftOut: readonly string[]): Promise<BundleSize> {
  const atStart = await bundle(program, leftOut, [later]);
  const all = await bundle(program, leftOut, []);
  return {
    minified: contentsOf(atStart).length,
    gzipped: gzipped(atStart),
    withLater: gzipped(all),
    weights: weightsOf(atStart),
  };
}

function bundle(program: string, leftOut: readonly string[], plugins: Plugin[]): Promise<BuildResult> {
  return build({
    stdin: { contents: program, resolveDir: bench, loader: "ts" },
    absWorkingDir: project,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    target: "node22",
    conditions: ["source"],
    external: [...leftOut],
    legalComments: "none",
    logLevel: "error",
    metafile: true,
    write: false,
    plugins,
  });
}

function contentsOf({ outputFiles }: BuildResult): Uint8Array {
  return outputFiles?.[0]?.contents ?? new Uint8Array();
}

function gzipped(result: BuildResult): number {
  return gzipSync(contentsOf(result), { level: 9 }).length;
}

function weightsOf({ metafile }: BuildResult): Map<string, number> {
  const weights = new Map<string, number>();
  for (const { inputs } of Object.values(metafile?.outputs ?? {})) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const name = nameOf(path);
      if (bytesInOutput > 0) weights.set(name, (weights.get(name) ?? 0) + bytesInOutput);
    }
  }
  return new Map([...weights].toSorted(([, one], [, other]) => other - one));
}

/** "core/src/refresh.ts", "p-queue". */
function nameOf(path: string): string {
  const [, foreign] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [];
  return foreign ?? relative("packages", path);
}
