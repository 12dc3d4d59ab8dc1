import { hasOwn } from "./own.ts";

/*
 * A program may have loaded this package twice: as ES modules and as CommonJS modules, or in two versions. What must be one all the same is kept on
 * `globalThis`, behind symbols that every copy knows.
 */

/**
 * State that all copies of this package in a program have in common. The name ends in a number, which goes up when the state gets another shape: copies that
 * would not understand each other share nothing.
 */
export function shared<State extends object>(name: string, create: () => State): State {
  const key = Symbol.for(`tokenflight.${name}`);
  if (hasOwn(globalThis, key)) return (globalThis as unknown as Record<symbol, State>)[key] as State;
  const made = create();
  // A program may have frozen its global object. Each copy then has a state of its own.
  Reflect.defineProperty(globalThis, key, { value: made });
  return made;
}

/** A class. */
type Kind = abstract new (...given: never[]) => object;

/** Makes `instanceof` take the objects of another copy's class of this name for its own. A class that is derived from this one knows its own objects only. */
export function recognise(name: string, kind: Kind): void {
  const brand = Symbol.for(`tokenflight.class.${name}`);
  Object.defineProperty(kind.prototype, brand, { value: true });
  Object.defineProperty(kind, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      if (this !== kind) return Function.prototype[Symbol.hasInstance].call(this as Kind, value);
      return typeof value === "object" && value !== null && brand in value;
    },
  });
}
