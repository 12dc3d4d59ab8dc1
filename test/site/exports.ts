import { posix } from "node:path";
import ts from "typescript-6";
import { readSource } from "../../docs/site/pages.ts";

/** The names that a module exports, as its text says them. */
export function exportsOf(source: string): string[] {
  const file = ts.createSourceFile(source, readSource(source), ts.ScriptTarget.Latest);
  const names = file.statements.flatMap((statement) =>
    ts.isExportDeclaration(statement) ? listed(statement, source) : declared(statement),
  );
  return [...new Set(names)];
}

function listed({ exportClause, moduleSpecifier }: ts.ExportDeclaration, source: string): string[] {
  if (exportClause !== undefined && ts.isNamedExports(exportClause)) return exportClause.elements.map(({ name }) => name.text);
  if (exportClause === undefined && moduleSpecifier !== undefined && ts.isStringLiteral(moduleSpecifier))
    return exportsOf(posix.join(posix.dirname(source), moduleSpecifier.text));
  throw new Error(`${source} exports in a way that is not read here.`);
}

function declared(statement: ts.Statement): string[] {
  if (!ts.canHaveModifiers(statement)) return [];
  if (!ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map(({ name }) => (name as ts.Identifier).text);
  return [(statement as ts.DeclarationStatement).name?.text ?? "default"];
}
