import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

export interface BundleSize {
  readonly minified: number;
  readonly gzipped: number;
}

const folder = fileURLToPath(new URL("..", import.meta.url));

/** Bytes of a program with everything that it imports, except the packages and modules that are left out. */
export async function bundleSize(program: string, leftOut: readonly string[]): Promise<BundleSize> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: folder, loader: "ts" },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    target: "node22",
    conditions: ["source"],
    external: [...leftOut],
    legalComments: "none",
    logLevel: "error",
    write: false,
  });
  const contents = outputFiles[0]?.contents ?? new Uint8Array();
  return { minified: contents.length, gzipped: gzipSync(contents, { level: 9 }).length };
}
