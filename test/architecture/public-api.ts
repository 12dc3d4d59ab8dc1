/** Everything that a program can name: what the entry points export, and the members of what they export, as the compiler sees them. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
// TypeScript 7 has no compiler API that is meant to stay.
import ts from "typescript-6";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A name that a program can write, and what an editor shows of it. */
export interface PublicName {
  /** Such as "oauth: createLogin" or "core: TokenCache.get". */
  readonly name: string;
  /** Such as "packages/oauth/src/client/create-login.ts:12". */
  readonly at: string;
  readonly pos: number;
  readonly full: number;
  /** The text of its docstring, without tags. */
  readonly text: string;
  /** What stands behind each tag, such as that of each `@throws`. */
  readonly tags: ReadonlyMap<string, readonly string[]>;
  readonly kind: "function" | "method" | "member" | "type" | "value";
  /** Whether a caller may leave it out of an object that it gives. */
  readonly isOptionalOption: boolean;
  /** Whether it takes or is a number. */
  readonly isNumber: boolean;
  /** The errors of ours that its body or a function that it calls at once constructs. */
  readonly throws: readonly string[];
}

interface EntryPoint {
  readonly name: string;
  readonly path: string;
}

/** The sources of all entry points, from the manifests. */
export function entryPoints(): EntryPoint[] {
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

const isOurs = (node: ts.Node): boolean => /\/packages\/[\w-]+\/src\//.test(node.getSourceFile().fileName);

class Walk {
  readonly names: PublicName[] = [];
  readonly #seen = new Set<ts.Node>();
  readonly #checker: ts.TypeChecker;

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker;
  }

  walk({ name }: EntryPoint, file: ts.SourceFile): void {
    const module = this.#checker.getSymbolAtLocation(file);
    if (module === undefined) throw new Error(`${file.fileName} exports nothing.`);
    for (const exported of this.#checker.getExportsOfModule(module)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(exported) : exported;
      this.#visit(symbol, `${name}: ${exported.name}`);
    }
  }

  /** A declared name, its members, and what its members and signatures name that no entry point exports. */
  #visit(symbol: ts.Symbol, name: string): void {
    const declarations = (symbol.declarations ?? []).filter(isOurs);
    const [first] = declarations;
    if (first === undefined || this.#seen.has(first)) return;
    this.#seen.add(first);
    this.#add(symbol, name, first);
    for (const declaration of declarations) this.#within(declaration, name);
  }

  #within(node: ts.Node, name: string): void {
    ts.forEachChild(node, (child) => {
      if (isNoPart(child) || isOfOthers(child)) return;
      if (isMember(child)) {
        if (isPrivate(child)) return;
        const symbol = this.#checker.getSymbolAtLocation(child.name);
        const inner = `${name}.${child.name.getText()}`;
        if (symbol !== undefined && !this.#seen.has(child)) this.#add(symbol, inner, child);
        this.#seen.add(child);
        // An expression is no part of what a program sees.
        if (ts.isPropertyDeclaration(child) && child.type === undefined) return;
        return this.#within(child, inner);
      }
      if (ts.isTypeReferenceNode(child) || ts.isExpressionWithTypeArguments(child)) {
        const target = this.#checker.getSymbolAtLocation(ts.isTypeReferenceNode(child) ? child.typeName : child.expression);
        const symbol = target && target.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(target) : target;
        if (symbol !== undefined && !(symbol.flags & ts.SymbolFlags.TypeParameter)) this.#visit(symbol, `${name} > ${symbol.name}`);
      }
      if (!ts.isVariableDeclaration(node) || child !== node.initializer) this.#within(child, name);
    });
  }

  #add(symbol: ts.Symbol, name: string, node: ts.Declaration): void {
    const checker = this.#checker;
    const text = ts.displayPartsToString(symbol.getDocumentationComment(checker));
    const tags = new Map<string, string[]>();
    for (const { name: tag, text: parts } of symbol.getJsDocTags(checker))
      tags.set(tag, [...(tags.get(tag) ?? []), ts.displayPartsToString(parts)]);
    const file = node.getSourceFile();
    const at = `${relative(root, file.fileName)}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
    const kind = kindOf(node);
    const type = checker.getTypeOfSymbolAtLocation(symbol, node);
    const isNumber = kind === "member" && isNumeric(type);
    this.names.push({
      name,
      at,
      pos: (ts.isVariableDeclaration(node) ? node.parent.parent : node).getStart(),
      text,
      tags,
      kind,
      isOptionalOption: isOptional(node) && isOption(node),
      isNumber,
      throws: [],
    });
  }
}

/** A body, a docstring, what a type parameter has to be, what only classes of ours call, and what is looked at of an object that the caller has anyway. */
function isNoPart(node: ts.Node): boolean {
  if (ts.isBlock(node) || ts.isJSDoc(node) || ts.isTypeParameterDeclaration(node) || ts.isConstructorDeclaration(node)) return true;
  return ts.isParameter(node) && node.type !== undefined && ts.isTypeLiteralNode(node.type) && node.name.getText() !== "options";
}

/** The names of members are words of a client's, an SDK's, a standard's: their own documentation says what they are. */
const ofOthers = new Set([
  "AxiosLike",
  "InterceptorManager",
  "IoredisClient",
  "NodeRedisClient",
  "McpOAuthProvider",
  "McpAuthProvider",
  "WebCryptoKey",
  "PrivateJwk",
  "AuthorizationServer",
  "ServerMetadata",
  "UndiciResponse",
  "BodyReader",
  "Weak",
]);

function isOfOthers(node: ts.Node): boolean {
  const { parent } = node;
  return (ts.isInterfaceDeclaration(parent) || ts.isTypeAliasDeclaration(parent)) && ofOthers.has(parent.name.text);
}

type Member = ts.PropertySignature | ts.MethodSignature | ts.PropertyDeclaration | ts.MethodDeclaration | ts.AccessorDeclaration;

function isMember(node: ts.Node): node is Member {
  return (
    ts.isPropertySignature(node) ||
    ts.isMethodSignature(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isAccessor(node)
  );
}

/** The words by which unions are told apart say what they are, in the docstring above. An error's name is its class's. */
function isPrivate(node: Member): boolean {
  if (ts.isPrivateIdentifier(node.name) || ts.isComputedPropertyName(node.name)) return true;
  if (ts.isGetAccessor(node) && node.name.getText() === "name") return true;
  return ts.isPropertySignature(node) && node.name.getText() === "type" && node.type !== undefined && ts.isLiteralTypeNode(node.type);
}

function kindOf(node: ts.Declaration): PublicName["kind"] {
  if (ts.isFunctionDeclaration(node)) return "function";
  if (ts.isMethodSignature(node) || ts.isMethodDeclaration(node)) return "method";
  if (isMember(node)) return "member";
  return ts.isVariableDeclaration(node) ? "value" : "type";
}

function isNumeric(type: ts.Type): boolean {
  return type.isUnion() ? type.types.some(isNumeric) : (type.flags & ts.TypeFlags.Number) !== 0;
}

function isOptional(node: ts.Node): boolean {
  return (ts.isPropertySignature(node) || ts.isMethodSignature(node)) && node.questionToken !== undefined;
}

/** Whether it is written by a caller: a member of an interface for that, or of a parameter's type. */
function isOption(node: ts.Node): boolean {
  for (let at = node.parent; at !== undefined; at = at.parent) {
    if (ts.isParameter(at)) return true;
    if (ts.isInterfaceDeclaration(at)) return /Options|Request$|Details/.test(at.name.text);
  }
  return false;
}

/** Reads everything that is public once. */
export function publicNames(): PublicName[] {
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson((config as { compilerOptions: unknown }).compilerOptions, root);
  const entries = entryPoints();
  const program = ts.createProgram(
    entries.map(({ path }) => path),
    { ...options, noEmit: true, customConditions: ["source"], types: [] },
  );
  const walk = new Walk(program.getTypeChecker());
  for (const entry of entries) {
    const file = program.getSourceFile(entry.path);
    if (file === undefined) throw new Error(`${entry.path} was not read.`);
    walk.walk(entry, file);
  }
  return walk.names;
}
