/** Which names a block uses and does not declare; and a block as a CommonJS module. */
import ts from "typescript-6";

const parse = (text: string, jsx: boolean): ts.SourceFile =>
  ts.createSourceFile(jsx ? "block.tsx" : "block.ts", text, ts.ScriptTarget.ES2023, true, jsx ? ts.ScriptKind.TSX : ts.ScriptKind.TS);

/** Names in the order of their first use. Those of the platform are among them. */
export function freeNames(text: string, jsx = false): string[] {
  const used = new Set<string>();
  const declared = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) (isDeclared(node) ? declared : isUsed(node) ? used : new Set()).add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(parse(text, jsx));
  return [...used].filter((name) => !declared.has(name));
}

function isDeclared(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isBindingElement(parent) || ts.isVariableDeclaration(parent) || ts.isParameter(parent)) return parent.name === node;
  if (ts.isImportClause(parent) || ts.isImportSpecifier(parent) || ts.isNamespaceImport(parent)) return parent.name === node;
  return (ts.isDeclarationStatement(parent) || ts.isFunctionExpression(parent)) && parent.name === node && !ts.isExportDeclaration(parent);
}

function isUsed(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent) || ts.isQualifiedName(parent) || ts.isJsxAttribute(parent)) return false;
  return (
    !(ts.isPropertyAssignment(parent) || ts.isClassElement(parent) || ts.isTypeElement(parent)) ||
    (parent as { name?: ts.Node }).name !== node
  );
}

/** What the imports of a text bring, each name with a statement that imports it alone. */
export function importsIn(text: string, jsx = false): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const one of parse(text, jsx).statements) {
    if (!ts.isImportDeclaration(one) || one.importClause === undefined) continue;
    const { name, namedBindings, phaseModifier } = one.importClause;
    const module = one.moduleSpecifier.getText();
    const type = phaseModifier === ts.SyntaxKind.TypeKeyword ? "type " : "";
    if (name !== undefined) found.set(name.text, `import ${type}${name.text} from ${module};`);
    if (namedBindings === undefined) continue;
    if (ts.isNamespaceImport(namedBindings)) found.set(namedBindings.name.text, `import ${namedBindings.getText()} from ${module};`);
    else for (const each of namedBindings.elements) found.set(each.name.text, `import ${type}{ ${each.getText()} } from ${module};`);
  }
  return found;
}

/** The names that a module exports where it declares them. */
export function exportsIn(text: string, jsx = false): string[] {
  return parse(text, jsx).statements.flatMap((one) => {
    const isExported = ts.canHaveModifiers(one) && (ts.getModifiers(one) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (!isExported) return [];
    if (ts.isVariableStatement(one)) return one.declarationList.declarations.map(({ name }) => name.getText());
    return ts.isFunctionDeclaration(one) || ts.isClassDeclaration(one) ? [one.name?.text ?? "default"] : [];
  });
}

/** CommonJS has no `await` outside of functions: everything but the imports goes into one. Lines stay where they are. */
export function asCommonJs(text: string, jsx = false): string {
  const file = parse(text, jsx);
  if (!file.statements.some(waits)) return text;
  const staysOutside = (one: ts.Statement): boolean => ts.isImportDeclaration(one) || ts.isModuleDeclaration(one);
  const head = file.statements.filter(staysOutside).map((one) => one.getText().replaceAll(/\s*\n\s*/g, " "));
  let inner = text;
  // From the last to the first, so that places stay good. What goes outside leaves its lines empty.
  for (const one of [...file.statements].toReversed()) {
    const [start, end] = [one.getStart(), one.getEnd()];
    const kept = staysOutside(one) ? inner.slice(start, end).replaceAll(/[^\n]/g, "") : withoutExport(one, inner.slice(start, end));
    inner = inner.slice(0, start) + kept + inner.slice(end);
  }
  return `${head.join(" ")} export async function main(): Promise<void> { ${inner}}\n`;
}

function waits(node: ts.Node): boolean {
  if (ts.isFunctionLike(node)) return false;
  if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier !== undefined)) return true;
  if (ts.isVariableDeclarationList(node) && /^await\s/.test(node.getText())) return true;
  return ts.forEachChild(node, (child) => waits(child) || undefined) ?? false;
}

function withoutExport(one: ts.Statement, written: string): string {
  const [, names] = /^export \{([^}]*)\};?$/.exec(written) ?? [];
  if (names !== undefined) return `void [${names}];`;
  const modifiers = ts.canHaveModifiers(one) ? (ts.getModifiers(one) ?? []) : [];
  let kept = written;
  for (const modifier of modifiers.toReversed()) {
    if (modifier.kind !== ts.SyntaxKind.ExportKeyword && modifier.kind !== ts.SyntaxKind.DefaultKeyword) continue;
    const [from, to] = [modifier.getStart() - one.getStart(), modifier.getEnd() - one.getStart()];
    kept = kept.slice(0, from) + kept.slice(to).trimStart();
  }
  return kept;
}

/** What the compiler says of the syntax of JavaScript. */
export function syntaxErrors(text: string): string[] {
  const { diagnostics = [] } = ts.transpileModule(text, {
    reportDiagnostics: true,
    fileName: "block.js",
    compilerOptions: { module: ts.ModuleKind.ESNext },
  });
  return diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "));
}
