/** Writes all blocks into projects of both kinds, beside the packages as a user installs them, and compiles these. */
import { execFile } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { allBlocks, packagesIn, type Block } from "./blocks.ts";
import { beside, declarationOf, isCompiledElsewhere, isForBrowsers } from "./left-out.ts";
import { asCommonJs, exportsIn, freeNames, importsIn } from "./names.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

export type ModuleKind = "module" | "commonjs";

/** The page whose blocks test/sdks/write-page.ts takes out of files that run with packages of their own. */
export const sdksPage = "docs/works-as-it-is.md";

/** The functions that each package exports, by the name of its entry point, such as "@tokenflight/oauth/node". */
export async function exportsOf(installed: string): Promise<Exports> {
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

type Exports = ReadonlyMap<string, readonly string[]>;

/** What declares the names that a part of a program leaves out, and those that nothing declares: the platform's, if it is right. */
export function leftOut(
  block: Block,
  all: readonly Block[],
  exports: Exports,
): { readonly prelude: string; readonly unknown: readonly string[] } {
  const { page } = block;
  const others = all.filter((one) => one.page === page && one !== block);
  const declared = freeNames(block.text, block.language === "tsx").map((name) => {
    const own = declarationOf(page, name) ?? importedIn(others, name, block.text);
    return [name, own ?? declarationOf(undefined, name) ?? exportedBy(exports, page, name)] as const;
  });
  const prelude = declared.flatMap(([, declaration]) => declaration ?? []).join(" ");
  return { prelude, unknown: declared.flatMap(([name, declaration]) => (declaration === undefined ? [name] : [])) };
}

/** By what another block of the page imports a name, or which file of the page exports it. */
function importedIn(others: readonly Block[], name: string, used: string): string | undefined {
  const isValue = new RegExp(`\\bnew ${name}\\b|\\b${name}[.(]`).test(used);
  for (const { text, language, name: file } of others) {
    const statement = importsIn(text, language === "tsx").get(name);
    if (statement !== undefined) return isValue ? statement.replace(/^import type /, "import ") : statement;
    if (file !== undefined && exportsIn(text, language === "tsx").includes(name)) return `import { ${name} } from "./${basename(file)}";`;
  }
  return undefined;
}

/** The package that exports a name: that of the docstring or README, or the only one. */
function exportedBy(exports: Exports, page: string, name: string): string | undefined {
  const [, own] = /^packages\/([^/]+)\//.exec(page) ?? [];
  const all = [...exports].filter(([, names]) => names.includes(name)).map(([entry]) => entry);
  const near = all.filter((entry) => entry.split("/")[1] === own);
  const nearest = near.filter((entry) => page.includes("/src/node/") === entry.endsWith("/node"));
  const [entry, ...more] = [nearest, near, all].find((found) => found.length > 0) ?? [];
  return entry === undefined || more.length > 0 ? undefined : `import { ${name} } from "${entry}";`;
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
  // Such an import is one of CommonJS only, and what a bundler puts in its place is in ES modules only.
  if (/\bfrom "\.\/[\w-]+"/.test(text)) return ["commonjs"];
  return text.includes("import.meta") ? ["module"] : ["module", "commonjs"];
}

/** Writes the four projects, with all blocks of TypeScript. */
export async function writeProjects(installed: string, blocks: readonly Block[]): Promise<Project[]> {
  const exports = await exportsOf(installed);
  return (["node", "browser"] as const).flatMap((platform) =>
    (["module", "commonjs"] as const).map((kind) => {
      const folder = join(installed, `pages-${platform}-${kind}`);
      const own = blocks.filter(
        (block) =>
          block.language !== "js" &&
          !isCompiledElsewhere(block) &&
          isForBrowsers(block) === (platform === "browser") &&
          kindsOf(block).includes(kind),
      );
      for (const block of own) write(join(folder, fileOf(block)), textOf(block, { kind, blocks, exports }));
      for (const block of own)
        for (const [, name = ""] of block.text.matchAll(/from "\.\/([^"]+)"/g)) {
          const path = join(folder, folderOf(block.page), name);
          if (beside[name] !== undefined && !existsSync(path)) write(path, beside[name]);
        }
      for (const { page, text } of own) linkOthers(installed, join(folder, folderOf(page)), text);
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

function textOf(block: Block, { kind, blocks, exports }: { kind: ModuleKind; blocks: readonly Block[]; exports: Exports }): string {
  const text = kind === "commonjs" ? asCommonJs(block.text, block.language === "tsx") : block.text;
  // A part without an import is a module all the same.
  return block.name === undefined ? `${leftOut(block, blocks, exports).prelude} ${text}export {};\n` : text;
}

/** What a page's blocks import and nobody has installed beside the packages: only its types are wanted. It is there where tests of this repository have it. */
function linkOthers(installed: string, folder: string, text: string): void {
  for (const name of packagesIn(text)) {
    const path = join(folder, "node_modules", name);
    if (existsSync(path) || existsSync(join(installed, "node_modules", name))) continue;
    const place = places.map((one) => join(root, one, name)).find((one) => existsSync(one));
    if (place === undefined) continue;
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(place, path);
  }
}

const places: readonly string[] = ["test/sdks/node_modules", "node_modules", ...globSync("test/packaging/*/node_modules", { cwd: root })];

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
