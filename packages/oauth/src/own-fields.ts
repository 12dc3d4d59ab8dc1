import { hasOwn } from "@tokenflight/core";
// What a program was given as an object may lack optional properties. Nothing that anybody has written to `Object.prototype` takes their place.

/**
 * A copy of an object's own properties that inherits nothing. For objects that are handed to code which reads optional properties, such as
 * WebCrypto and oauth4webapi.
 */
export function ownFields<Fields extends object>(fields: Fields): Fields {
  return Object.assign<object, Fields>(Object.create(null), fields);
}

/** A property of the object's own; undefined for one that it inherits, and for what is no object. */
export function ownField(given: unknown, name: string): unknown {
  if (typeof given !== "object" || given === null) return undefined;
  return hasOwn(given, name) ? (given as Record<string, unknown>)[name] : undefined;
}
