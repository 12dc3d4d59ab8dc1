/** In which settings the declarations of the packages have to compile: each is tried with every compiler that has it. */
import { isFullRun } from "../../setup/repetitions.ts";

/** The compilers, by the names under which they are installed. */
export const compilers = {
  "5.0": "typescript-5.0",
  "5.4": "typescript-5.4",
  "5.9": "typescript-5.9",
  "6": "typescript-6",
  "7": "typescript",
} as const;

export type CompilerVersion = keyof typeof compilers;

export interface Setting {
  readonly name: string;
  /** The `type` of the program's package.json. */
  readonly project: "module" | "commonjs";
  /** As in a tsconfig. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly versions?: readonly CompilerVersion[];
  /** Says itself which libraries it has. */
  readonly hasOwnLib?: true;
}

const node10 = { module: "commonjs", moduleResolution: "node10", esModuleInterop: true };
const before7 = ["5.0", "5.4", "5.9", "6"] as const;

export const settings: readonly Setting[] = [
  { name: "nodenext", project: "module", options: { module: "nodenext", moduleResolution: "nodenext" } },
  { name: "nodenext", project: "commonjs", options: { module: "nodenext", moduleResolution: "nodenext" } },
  { name: "node16", project: "module", options: { module: "node16", moduleResolution: "node16" } },
  { name: "node16", project: "commonjs", options: { module: "node16", moduleResolution: "node16" } },
  { name: "bundler", project: "module", options: { module: "esnext", moduleResolution: "bundler" } },
  { name: "bundler", project: "commonjs", options: { module: "esnext", moduleResolution: "bundler" } },
  { name: "commonjs, bundler", project: "commonjs", options: { module: "commonjs", moduleResolution: "bundler" }, versions: ["6", "7"] },
  { name: "commonjs, node10", project: "commonjs", options: node10, versions: before7 },
  {
    // What NestJS 10 and what NestJS 11 write into a new project.
    name: "NestJS 10",
    project: "commonjs",
    options: {
      module: "commonjs",
      moduleResolution: "node10",
      declaration: true,
      removeComments: true,
      emitDecoratorMetadata: true,
      experimentalDecorators: true,
      allowSyntheticDefaultImports: true,
      target: "es2021",
      sourceMap: true,
      strict: false,
      exactOptionalPropertyTypes: false,
      strictNullChecks: false,
      noImplicitAny: false,
      strictBindCallApply: false,
      forceConsistentCasingInFileNames: false,
      noFallthroughCasesInSwitch: false,
    },
    versions: before7,
    hasOwnLib: true,
  },
  {
    name: "NestJS 11",
    project: "commonjs",
    options: {
      module: "nodenext",
      moduleResolution: "nodenext",
      resolvePackageJsonExports: true,
      esModuleInterop: true,
      isolatedModules: true,
      declaration: true,
      removeComments: true,
      emitDecoratorMetadata: true,
      experimentalDecorators: true,
      allowSyntheticDefaultImports: true,
      target: "es2023",
      sourceMap: true,
      strict: false,
      exactOptionalPropertyTypes: false,
      strictNullChecks: true,
      forceConsistentCasingInFileNames: true,
      noImplicitAny: false,
      strictBindCallApply: false,
      noFallthroughCasesInSwitch: false,
    },
    versions: ["5.9", "6", "7"],
    hasOwnLib: true,
  },
  // What `tsc --init` wrote until TypeScript 5.8, and what it writes since.
  {
    name: "tsc --init",
    project: "commonjs",
    options: { ...node10, target: "es2016", forceConsistentCasingInFileNames: true, exactOptionalPropertyTypes: false },
    versions: ["5.0", "5.4"],
    hasOwnLib: true,
  },
  {
    name: "tsc --init",
    project: "module",
    options: {
      module: "nodenext",
      target: "esnext",
      sourceMap: true,
      declaration: true,
      declarationMap: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      jsx: "react-jsx",
      verbatimModuleSyntax: true,
      isolatedModules: true,
      noUncheckedSideEffectImports: true,
      moduleDetection: "force",
    },
    versions: ["5.9", "6", "7"],
    hasOwnLib: true,
  },
];

/** Each setting has to do without the DOM's types, since it has Node's. The names of those that are tried with both. */
const withDom = new Set(["nodenext", "commonjs, node10", "commonjs, bundler"]);
const libraries = { "no DOM": ["es2022"], DOM: ["es2022", "dom", "dom.iterable"] };

/** One compilation. */
export interface Cell {
  readonly name: string;
  readonly setting: Setting;
  readonly options: Readonly<Record<string, unknown>>;
}

/** TypeScript 7 is a program of its own, which reads every declaration anew in each setting: an ordinary run leaves out those that older compilers try. */
function isInOrdinaryRun({ name, versions }: Setting): boolean {
  return name === "nodenext" || versions !== undefined;
}

export function cellsOf(version: CompilerVersion): readonly Cell[] {
  return settings
    .filter(({ versions }) => versions?.includes(version) ?? true)
    .filter((setting) => isFullRun || version !== "7" || isInOrdinaryRun(setting))
    .flatMap((setting): Cell[] => {
      const options = {
        target: "es2022",
        strict: true,
        exactOptionalPropertyTypes: true,
        ...setting.options,
        noEmit: true,
        skipLibCheck: false,
        types: ["node"],
        ...(version === "6" && setting.options["moduleResolution"] === "node10" && { ignoreDeprecations: "6.0" }),
      };
      const name = `${setting.name}, ${setting.project}`;
      if (setting.hasOwnLib) return [{ name, setting, options }];
      return Object.entries(libraries)
        .filter(([library]) => library === "no DOM" || withDom.has(setting.name))
        .map(([library, lib]) => ({ name: `${name}, ${library}`, setting, options: { ...options, lib } }));
    });
}

/** What a setting cannot have, whoever made the package; told by the packages' and the clients' names. */
export function excuseOf(version: CompilerVersion, { setting }: Cell, name: string): string | undefined {
  const { moduleResolution, module = moduleResolution } = setting.options;
  if (name === "got" && moduleResolution === "node10") return "got names its types in `exports` only, which node10 does not read";
  const isAlone = name === "got" || name === "ky";
  if (isAlone && version === "5.0" && setting.project === "commonjs" && (module === "nodenext" || module === "node16"))
    return "before TypeScript 5.3 no CommonJS declaration can import a type of an ES module; `skipLibCheck` helps";
  return undefined;
}
