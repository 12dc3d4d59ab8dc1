/** What of a declaration a program sees, and what each part of it is. */
import ts from "typescript-6";

export const isOurs = (node: ts.Node): boolean => /\/packages\/[\w-]+\/src\//.test(node.getSourceFile().fileName);

type Member = ts.PropertySignature | ts.MethodSignature | ts.PropertyDeclaration | ts.MethodDeclaration | ts.AccessorDeclaration;

export function isMember(node: ts.Node): node is Member {
  return (
    ts.isPropertySignature(node) ||
    ts.isMethodSignature(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isAccessor(node)
  );
}

/** Types whose members are words of a client's, an SDK's or a standard's: its own documentation says what they are. */
const ofOthers = new Set([
  "AuthorizationServer",
  "AxiosLike",
  "BodyReader",
  "InterceptorManager",
  "IoredisClient",
  "McpAuthProvider",
  "McpOAuthProvider",
  "NodeRedisClient",
  "PrivateJwk",
  "ServerMetadata",
  "UndiciResponse",
  "WebCryptoKey",
]);

/** What no editor shows: a body, an initial value, what a type parameter has to be, a constructor; and what is looked at of an object that a caller has anyway. */
export function isNoPart(node: ts.Node): boolean {
  const { parent } = node;
  if (ts.isBlock(node) || ts.isJSDoc(node) || ts.isTypeParameterDeclaration(node) || ts.isConstructorDeclaration(node)) return true;
  if ((ts.isVariableDeclaration(parent) || ts.isPropertyDeclaration(parent)) && parent.initializer === node) return true;
  if (ts.isParameter(node)) return node.type !== undefined && ts.isTypeLiteralNode(node.type) && node.name.getText() !== "options";
  return (ts.isInterfaceDeclaration(parent) || ts.isTypeAliasDeclaration(parent)) && ofOthers.has(parent.name.text);
}

/** Private members, symbols of the platform's, and the names of errors, which are those of their classes. */
export function isNoName(node: Member): boolean {
  if (ts.isPrivateIdentifier(node.name) || ts.isComputedPropertyName(node.name)) return true;
  return ts.isGetAccessor(node) && node.name.text === "name";
}

export function kindOf(node: ts.Declaration): "function" | "method" | "member" | "type" | "value" {
  if (ts.isFunctionDeclaration(node)) return "function";
  if (ts.isMethodSignature(node) || ts.isMethodDeclaration(node)) return "method";
  if (isMember(node)) return "member";
  return ts.isVariableDeclaration(node) ? "value" : "type";
}

/** The word by which the members of a union are told apart. */
export function isDiscriminant(node: ts.Node): boolean {
  return ts.isPropertySignature(node) && node.name.getText() === "type" && node.type !== undefined && ts.isLiteralTypeNode(node.type);
}

/** What the comment above a member of a union says. */
export function noteOn(node: ts.Node): string {
  let member = node.parent;
  while (!ts.isUnionTypeNode(member.parent)) member = member.parent;
  const { text } = node.getSourceFile();
  const comments = ts.getLeadingCommentRanges(text, member.pos) ?? [];
  const before = /\/\*\*((?:(?!\*\/)[^])*)\*\/\s*\|?\s*$/.exec(text.slice(0, member.getStart()))?.[1];
  return before ?? comments.map(({ pos, end }) => text.slice(pos, end)).join("");
}

export function isNumeric(type: ts.Type): boolean {
  return type.isUnion() ? type.types.some(isNumeric) : (type.flags & ts.TypeFlags.Number) !== 0;
}

export function isOptional(node: ts.Node): boolean {
  return (ts.isPropertySignature(node) || ts.isMethodSignature(node)) && node.questionToken !== undefined;
}

/** Whether a caller writes it: a member of an interface for that, or of a parameter's type. */
export function isOption(node: ts.Node): boolean {
  for (let at = node.parent; at !== undefined; at = at.parent) {
    if (ts.isParameter(at)) return true;
    if (ts.isInterfaceDeclaration(at)) return /Options$|Request$|Details$|Profile$/.test(at.name.text);
  }
  return false;
}
