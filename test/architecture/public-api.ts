/** Everything that a program can name: what the entry points export, and the members of what they export, as the compiler sees them. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
// TypeScript 7 has no compiler API that is meant to stay.
import ts from "typescript-6";
import { isDiscriminant, isNoName, isNoPart, isNumeric, isOption, isOptional, isMember, isOurs, kindOf, noteOn } from "./public-parts.ts";
import { Thrown } from "./thrown.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A name that a program can write, and what an editor shows of it. */
export interface PublicName {
  /** Such as "oauth: createLogin" or "core: TokenCache.get". */
  readonly name: string;
  /** Such as "packages/oauth/src/client/create-login.ts:12". */
  readonly at: string;
  /** The text of its docstring, without tags. */
  readonly text: string;
  /** What stands behind each tag, such as that of each `@throws`. */
  readonly tags: ReadonlyMap<string, readonly string[]>;
  readonly kind: "function" | "method" | "member" | "type" | "value";
  /** Whether programs name it, and not only packages that rest on this one. */
  readonly isForPrograms: boolean;
  /** Whether a caller may leave it out of an object that it gives. */
  readonly isOptionalOption: boolean;
  /** Whether it takes or is a number. */
  readonly isNumber: boolean;
  /** The errors that a call of it may throw at once. */
  readonly throws: readonly string[];
}

interface EntryPoint {
  readonly name: string;
  readonly path: string;
}

/** Entry points that only packages import. */
const forPackages = new Set(["core/eager", "core/fetch", "core/single-use"]);

/** The sources of all entry points, from the manifests. */
function entryPoints(): EntryPoint[] {
  return readdirSync(join(root, "packages")).flatMap((folder) => {
    const { exports } = JSON.parse(readFileSync(join(root, "packages", folder, "package.json"), "utf8")) as {
      exports: Record<string, { source: string }>;
    };
    return Object.entries(exports).map(([subpath, { source }]) => ({
      name: join(folder, subpath),
      path: join(root, "packages", folder, source),
    }));
  });
}

class Walk {
  readonly names: PublicName[] = [];
  readonly #seen = new Set<ts.Node>();
  readonly #exported = new Set<ts.Symbol>();
  readonly #checker: ts.TypeChecker;
  readonly #thrown: Thrown;

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker;
    this.#thrown = new Thrown(checker);
  }

  walk(files: readonly (readonly [entry: string, file: ts.SourceFile])[]): void {
    const all = files.flatMap(([entry, file]) =>
      this.#exportsOf(file).map((exported) => ({ entry, exported, symbol: this.#meaning(exported) })),
    );
    for (const { symbol } of all) this.#exported.add(symbol);
    for (const { entry, exported, symbol } of all) {
      const [place] = exported.declarations ?? [];
      const before = place?.getSourceFile().text.slice(0, place.getStart()) ?? "";
      this.#visit(symbol, `${entry}: ${exported.name}`, !forPackages.has(entry) && !/^\/\/ For (?:adapters|packages)/m.test(before));
    }
  }

  #exportsOf(file: ts.SourceFile): ts.Symbol[] {
    const module = this.#checker.getSymbolAtLocation(file);
    if (module === undefined) throw new Error(`${file.fileName} exports nothing.`);
    return this.#checker.getExportsOfModule(module);
  }

  #meaning(symbol: ts.Symbol): ts.Symbol {
    return symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol;
  }

  #visit(symbol: ts.Symbol, name: string, isForPrograms: boolean): void {
    const declarations = (symbol.declarations ?? []).filter(isOurs);
    const [first] = declarations;
    if (first === undefined || this.#seen.has(first)) return;
    this.#seen.add(first);
    this.#add(symbol, name, first, isForPrograms);
    for (const declaration of declarations) this.#within(declaration, name, isForPrograms);
  }

  /** Its members, and the types that they and its signature name and that no entry point exports. */
  #within(node: ts.Node, name: string, isForPrograms: boolean): void {
    ts.forEachChild(node, (child) => {
      if (isNoPart(child)) return;
      if (isMember(child)) {
        if (isNoName(child)) return;
        const symbol = this.#checker.getSymbolAtLocation(child.name);
        const inner = `${name}.${child.name.getText()}`;
        if (symbol !== undefined && !this.#seen.has(child)) this.#add(symbol, inner, child, isForPrograms);
        this.#seen.add(child);
        return this.#within(child, inner, isForPrograms);
      }
      if (ts.isTypeReferenceNode(child) || ts.isExpressionWithTypeArguments(child)) {
        const named = this.#checker.getSymbolAtLocation(ts.isTypeReferenceNode(child) ? child.typeName : child.expression);
        const symbol = named && this.#meaning(named);
        const isType = symbol !== undefined && !this.#exported.has(symbol) && !(symbol.flags & ts.SymbolFlags.TypeParameter);
        if (isType) this.#visit(symbol, `${name} > ${symbol.name}`, isForPrograms);
      }
      this.#within(child, name, isForPrograms);
    });
  }

  #add(symbol: ts.Symbol, name: string, node: ts.Declaration, isForPrograms: boolean): void {
    const checker = this.#checker;
    const tags = new Map<string, string[]>();
    for (const { name: tag, text } of symbol.getJsDocTags(checker))
      tags.set(tag, [...(tags.get(tag) ?? []), ts.displayPartsToString(text)]);
    const file = node.getSourceFile();
    const kind = kindOf(node);
    const implementation = symbol.declarations?.findLast((one) => ts.isFunctionDeclaration(one) && one.body !== undefined);
    this.names.push({
      name,
      at: `${relative(root, file.fileName)}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`,
      text: isDiscriminant(node) ? noteOn(node) : ts.displayPartsToString(symbol.getDocumentationComment(checker)),
      tags,
      kind,
      isForPrograms,
      isOptionalOption: isOptional(node) && isOption(node),
      isNumber: kind === "member" && isNumeric(checker.getTypeOfSymbolAtLocation(symbol, node)),
      throws: implementation === undefined ? [] : [...this.#thrown.of(implementation)],
    });
  }
}

/** Reads everything that is public, once. */
export function publicNames(): readonly PublicName[] {
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), (path) => readFileSync(path, "utf8"));
  const { options } = ts.convertCompilerOptionsFromJson((config as { compilerOptions: unknown }).compilerOptions, root);
  const entries = entryPoints();
  const program = ts.createProgram(
    entries.map(({ path }) => path),
    { ...options, noEmit: true, customConditions: ["source"], types: [] },
  );
  const walk = new Walk(program.getTypeChecker());
  walk.walk(
    entries.map(({ name, path }) => {
      const file = program.getSourceFile(path);
      if (file === undefined) throw new Error(`${path} was not read.`);
      return [name, file] as const;
    }),
  );
  return walk.names;
}
