/*
 * What a caller leaves out must not come from a polluted `Object.prototype`. Options that are checked at construction are read by `readOptions`; these are
 * for what is read with each call.
 */

/** `Object.hasOwn`, which not every browser has. */
export function hasOwn(owner: object, name: PropertyKey): boolean {
  return Object.prototype.hasOwnProperty.call(owner, name);
}

/** A property of its own. */
export function ownOption<Options extends object, Name extends keyof Options>(
  given: Options | undefined,
  name: Name,
): Options[Name] | undefined {
  return given !== undefined && hasOwn(given, name) ? given[name] : undefined;
}

/** Inherited in place of nothing: an object without any prototype takes up three times the room. */
const nothing: object = Object.freeze(Object.create(null));

/** A copy that inherits nothing. */
export function ownOnly<Given extends object>(given: Given): Given {
  return Object.assign(Object.create(nothing) as Given, given);
}
