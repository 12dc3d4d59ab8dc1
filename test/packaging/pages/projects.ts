/** Writes all blocks into projects of both kinds, beside the packages as a user installs them, and compiles these. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { allBlocks, packagesIn, type Block } from "./blocks.ts";
import { beside, declarationOf, inBrowsers } from "./left-out.ts";
import { asCommonJs, freeNames } from "./names.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

export type ModuleKind = "module" | "commonjs";

/** The page whose blocks test/sdks/write-page.ts takes out of files that run with packages of their own. */
export const sdksPage = "docs/works-as-it-is.md";

/** The functions that each package exports, by the name of its entry point, such as "@tokenflight/oauth/node". */
export async function exportsOf(installed: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const scope = join(installed, "node_modules/@tokenflight");
  const found = new Map<string, readonly string[]>();
  for (const folder of new Set(allBlocks().flatMap(({ page }) => /^packages\/([^/]+)/.exec(page)?.[1] ?? []))) {
    const { exports } = JSON.parse(readFileSync(join(scope, folder, "package.json"), "utf8")) as {
      exports: Record<string, { import: { default: string } }>;
    };
    for (const [subpath, entry] of Object.entries(exports)) {
      const module = (await import(pathToFileURL(join(scope, folder, entry.import.default)).href)) as object;
      found.set(`@tokenflight/${join(folder, subpath)}`, Object.keys(module));
    }
  }
  return found;
}

/** What a part of a program leaves out, in one line. */
function preludeOf(block: Block, exports: ReadonlyMap<string, readonly string[]>): string {
  const [, own] = /^packages\/([^/]+)\//.exec(block.page) ?? [];
  const sourcesOf = (name: string): string[] => {
    const all = [...exports].filter(([, names]) => names.includes(name)).map(([entry]) => entry);
    const near = all.filter((entry) => entry.split("/")[1] === own);
    const nearest = near.filter((entry) => block.page.includes("/src/node/") === entry.endsWith("/node"));
    return [nearest, near, all].find((found) => found.length > 0) ?? [];
  };
  return freeNames(block.text, block.language === "tsx")
    .flatMap((name) => {
      const declaration = declarationOf(block.page, name);
      if (declaration !== undefined) return [declaration];
      const entries = sourcesOf(name);
      return entries.length === 1 ? [`import { ${name} } from "${entries[0]}";`] : [];
    })
    .join(" ");
}

const folderOf = (page: string): string => page.replaceAll(/[^\w-]+/g, "_");

/** Where a block is compiled, beneath its project. */
export function fileOf({ page, line, language, name }: Block): string {
  return join(folderOf(page), name === undefined ? `line-${line}.${language}` : basename(name));
}

export interface Project {
  readonly kind: ModuleKind;
  readonly platform: "node" | "browser";
  readonly folder: string;
  readonly blocks: readonly Block[];
}

const compilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  noFallthroughCasesInSwitch: true,
  allowJs: true,
  checkJs: true,
  allowImportingTsExtensions: true,
  experimentalDecorators: true,
  jsx: "preserve",
  target: "es2023",
  module: "nodenext",
  noEmit: true,
  skipLibCheck: true,
};

function kindsOf({ text, name }: Block): readonly ModuleKind[] {
  if (name?.endsWith(".mjs") || name?.endsWith(".mts")) return ["module"];
  if (name?.endsWith(".cjs") || name?.endsWith(".cts")) return ["commonjs"];
  // What a bundler puts in its place is in ES modules only.
  return text.includes("import.meta") ? ["module"] : ["module", "commonjs"];
}

/** Writes the four projects. */
export async function writeProjects(installed: string, blocks: readonly Block[]): Promise<Project[]> {
  const exports = await exportsOf(installed);
  const isInBrowsers = ({ page }: Block): boolean => inBrowsers.some((one) => page.startsWith(one));
  return (["node", "browser"] as const).flatMap((platform) =>
    (["module", "commonjs"] as const).map((kind) => {
      const folder = join(installed, `pages-${platform}-${kind}`);
      const own = blocks.filter((block) => isInBrowsers(block) === (platform === "browser") && kindsOf(block).includes(kind));
      for (const block of own) write(join(folder, fileOf(block)), textOf(block, kind, exports));
      for (const block of own)
        for (const [, name = ""] of block.text.matchAll(/from "\.\/([^"]+)"/g)) {
          const path = join(folder, folderOf(block.page), name);
          if (beside[name] !== undefined && !existsSync(path)) write(path, beside[name]);
        }
      linkSdks(join(folder, folderOf(sdksPage)), own);
      const lib =
        platform === "browser"
          ? ["es2024", "dom", "dom.iterable", "dom.asynciterable", "esnext.disposable"]
          : ["es2024", "esnext.disposable"];
      const types = platform === "browser" ? [] : ["node"];
      const include = ["**/*"];
      if (platform === "browser") write(join(folder, "env.d.ts"), readFileSync(join(root, "examples/env.d.ts"), "utf8"));
      write(join(folder, "cloudflare.d.ts"), readFileSync(join(root, "test/workerd/cloudflare-workers.d.ts"), "utf8"));
      const verbatimModuleSyntax = kind === "module";
      write(
        join(folder, "tsconfig.json"),
        JSON.stringify({ compilerOptions: { ...compilerOptions, verbatimModuleSyntax, lib, types }, include }),
      );
      write(join(folder, "package.json"), JSON.stringify({ private: true, type: kind }));
      return { kind, platform, folder, blocks: own };
    }),
  );
}

function textOf(block: Block, kind: ModuleKind, exports: ReadonlyMap<string, readonly string[]>): string {
  const text = kind === "commonjs" && block.language !== "js" ? asCommonJs(block.text, block.language === "tsx") : block.text;
  // A part without an import is a module all the same.
  return block.name === undefined ? `${preludeOf(block, exports)} ${text}export {};\n` : text;
}

/** The SDKs are installed where they run. */
function linkSdks(folder: string, blocks: readonly Block[]): void {
  for (const { page, text } of blocks) {
    if (page !== sdksPage) continue;
    for (const name of packagesIn(text)) {
      const path = join(folder, "node_modules", name);
      const place = ["test/sdks/node_modules", "node_modules"].map((one) => join(root, one, name)).find((one) => existsSync(one));
      if (existsSync(path) || place === undefined) continue;
      mkdirSync(dirname(path), { recursive: true });
      symlinkSync(place, path);
    }
  }
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** What the compiler says of a project: its lines, with the pages in place of the files. */
export async function compile({ folder, blocks }: Project): Promise<string[]> {
  const output = await new Promise<string>((resolve) => {
    execFile(join(root, "node_modules/.bin/tsc"), ["--project", folder, "--pretty", "false"], { cwd: folder }, (_, stdout) =>
      resolve(stdout),
    );
  });
  const files = new Map(blocks.map((block) => [fileOf(block), block]));
  return output
    .split("\n")
    .filter((line) => /error TS\d+/.test(line))
    .map((line) => {
      const [, file = "", at = "1", what = line] = /^(.+?)\((\d+),\d+\): error (.*)$/.exec(line) ?? [];
      const block = files.get(file);
      return block === undefined ? line : `${block.page}:${block.line + Number(at) - 1} ${what}`;
    });
}
