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

/** CommonJS has no `await` outside of functions: everything but the imports goes into one. Lines stay where they are. */
export function asCommonJs(text: string, jsx = false): string {
  const file = parse(text, jsx);
  let waits = false;
  const look = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) return;
    if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier !== undefined)) waits = true;
    if (ts.isVariableDeclarationList(node) && (node.flags & ts.NodeFlags.AwaitUsing) === ts.NodeFlags.AwaitUsing) waits = true;
    ts.forEachChild(node, look);
  };
  look(file);
  if (!waits) return text;
  const [imports, rest] = [file.statements.filter(ts.isImportDeclaration), file.statements.filter((one) => !ts.isImportDeclaration(one))];
  const head = imports.map((one) => one.getText().replaceAll(/\s*\n\s*/g, " ")).join(" ");
  let inner = text;
  // From the last to the first, so that places stay good. An import leaves its lines empty.
  for (const one of [...file.statements].toReversed()) {
    const [start, end] = [one.getStart(), one.getEnd()];
    const written = inner.slice(start, end);
    const [, names] = /^export \{([^}]*)\};?$/.exec(written) ?? [];
    const kept = ts.isImportDeclaration(one)
      ? written.replaceAll(/[^\n]/g, "")
      : names === undefined
        ? written.replace(/^export (?:default )?(?=\w)/, "")
        : `void [${names}];`;
    inner = inner.slice(0, start) + kept + inner.slice(end);
  }
  return rest.length === 0 ? text : `${head} export async function main(): Promise<void> { ${inner}}\n`;
}
