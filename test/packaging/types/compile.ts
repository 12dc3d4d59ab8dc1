/**
 * Compiles all programs in all settings of one compiler, and prints what is wrong as JSON, for each cell. Only the programs and the declarations of our
 * packages are looked at: what else is wrong in a folder is its owner's affair.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type ts from "typescript-5.9";
import { cellsOf, compilers, type Cell, type CompilerVersion } from "./cells.ts";
import { programsFor } from "./programs.ts";

/** Something that is wrong, and the package or the page in whose program or declarations it is. */
export interface Complaint {
  readonly where: string;
  readonly at: string;
  readonly what: string;
}

/** Where a program of each kind lies. */
const projects = { module: "types-module", commonjs: "types-commonjs" } as const;

export function writePrograms(folder: string): void {
  for (const [type, name] of Object.entries(projects)) {
    const project = join(folder, name);
    mkdirSync(join(project, "page"), { recursive: true });
    writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type }));
    for (const [file, text] of programsFor(type as keyof typeof projects)) writeFileSync(join(project, `${file}.ts`), text);
  }
}

const sourceFiles = new Map<string, ts.SourceFile | undefined>();

/** With a compiler that can be called: declarations are read once for all cells, and only ours are checked. */
function compile(compiler: typeof ts, folder: string, { setting, options }: Cell): Complaint[] {
  const project = join(folder, projects[setting.project]);
  const { options: read, errors } = compiler.convertCompilerOptionsFromJson(options, project);
  const host = compiler.createCompilerHost(read);
  const { getSourceFile } = host;
  host.getCurrentDirectory = () => project;
  host.getSourceFile = (name, how, ...rest) => {
    if (!name.endsWith(".d.ts")) return getSourceFile(name, how, ...rest);
    const format = typeof how === "object" ? `${how.languageVersion} ${how.impliedNodeFormat}` : how;
    const key = `${format} ${name}`;
    if (!sourceFiles.has(key)) sourceFiles.set(key, getSourceFile(name, how, ...rest));
    return sourceFiles.get(key);
  };
  const files = [...programsFor(setting.project).keys()].map((name) => join(project, `${name}.ts`));
  const program = compiler.createProgram(files, read, host);
  const checked = program.getSourceFiles().filter(({ fileName }) => placeOf(folder, fileName) !== undefined);
  const found = checked.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]);
  return [...errors, ...program.getOptionsDiagnostics(), ...program.getGlobalDiagnostics(), ...found].map(
    ({ file, start, code, messageText }) => ({
      where: (file && placeOf(folder, file.fileName)) ?? "options",
      at: file === undefined ? "" : `${relative(folder, file.fileName)}:${file.getLineAndCharacterOfPosition(start ?? 0).line + 1}`,
      what: `TS${code}: ${compiler.flattenDiagnosticMessageText(messageText, " ").slice(0, 300)}`,
    }),
  );
}

/** With a compiler that is a program of its own. */
function compileApart(folder: string, { setting, options }: Cell): Complaint[] {
  const project = join(folder, projects[setting.project]);
  const files = [...programsFor(setting.project).keys()].map((name) => `${name}.ts`);
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files }));
  const tsc = fileURLToPath(new URL("../../../node_modules/.bin/tsc", import.meta.url));
  const { stdout } = spawnSync(tsc, ["--project", project, "--pretty", "false", "--checkers", "1"], { cwd: folder, encoding: "utf8" });
  return stdout
    .split("\n")
    .filter((line) => /error TS\d+: /.test(line))
    .flatMap((line): Complaint[] => {
      const [, file, at, what = line] = /^(.+?)\((\d+),\d+\): error (TS.*)$/.exec(line) ?? [];
      const where = file === undefined ? "options" : placeOf(folder, join(folder, file));
      return where === undefined ? [] : [{ where, at: `${file}:${at}`, what }];
    });
}

/** The package, or "page", that a file belongs to; undefined for one of others. */
function placeOf(folder: string, file: string): string | undefined {
  const path = relative(folder, file);
  return /^node_modules\/@tokenflight\/([^/]+)\//.exec(path)?.[1] ?? /^types-\w+\/(\w+)(?:\/|\.ts)/.exec(path)?.[1];
}

if (import.meta.main) {
  const [version, folder] = process.argv.slice(2) as [CompilerVersion, string];
  const require = createRequire(import.meta.url);
  const compiler = version === "7" ? undefined : (require(compilers[version]) as typeof ts);
  const cells = cellsOf(version).map((cell) => [cell.name, compiler ? compile(compiler, folder, cell) : compileApart(folder, cell)]);
  process.stdout.write(JSON.stringify(cells));
}
