/** Which errors of ours a function may throw at its call: those that its body makes, and the bodies of what it calls. What it leaves for later is not looked at. */
import ts from "typescript-6";

const isOurs = (node: ts.Node): boolean => /\/packages\/[\w-]+\/src\//.test(node.getSourceFile().fileName);

/** Knows what was found of each function. */
export class Thrown {
  readonly #checker: ts.TypeChecker;
  readonly #known = new Map<ts.Node, ReadonlySet<string>>();

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker;
  }

  of(declaration: ts.Node): ReadonlySet<string> {
    const known = this.#known.get(declaration);
    if (known !== undefined) return known;
    const found = new Set<string>();
    this.#known.set(declaration, found);
    const { body } = declaration as ts.FunctionLikeDeclaration;
    if (body !== undefined) this.#look(body, found);
    return found;
  }

  #look(node: ts.Node, found: Set<string>): void {
    if (ts.isFunctionLike(node)) return;
    // What is caught is handled, or thrown anew there.
    if (ts.isTryStatement(node)) {
      for (const part of [node.catchClause, node.finallyBlock]) if (part !== undefined) this.#look(part, found);
      if (node.catchClause !== undefined) return;
    }
    if (ts.isThrowStatement(node) && ts.isNewExpression(node.expression)) found.add(node.expression.expression.getText());
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) for (const name of this.#called(node.expression)) found.add(name);
    ts.forEachChild(node, (child) => this.#look(child, found));
  }

  #called(expression: ts.Expression): Iterable<string> {
    if (!ts.isIdentifier(expression)) return [];
    const named = this.#checker.getSymbolAtLocation(expression);
    const symbol = named && named.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(named) : named;
    const declarations = (symbol?.declarations ?? []).filter(isOurs);
    return declarations.flatMap((one) => {
      const constructor = ts.isClassDeclaration(one) ? one.members.find((member) => ts.isConstructorDeclaration(member)) : one;
      return constructor !== undefined && ts.isFunctionLike(constructor) ? [...this.of(constructor)] : [];
    });
  }
}
