/**
 * `await using`, where both the program's TypeScript and its platform know `Symbol.asyncDispose` (TypeScript 5.2 with the library `esnext.disposable` or Node's
 * types; no browser of the baseline). Elsewhere there is nothing of that name, neither in the types nor in the objects.
 */

type AsyncDispose = typeof Symbol extends { readonly asyncDispose: infer Name extends symbol } ? Name : never;

/** Has `[Symbol.asyncDispose](): Promise<void>`. */
export type AsyncDisposal = { [Name in AsyncDispose]: () => Promise<void> };

/** The method, to be spread into an object. */
export function disposal(close: () => Promise<void>): AsyncDisposal {
  return (typeof Symbol.asyncDispose === "symbol" ? { [Symbol.asyncDispose]: close } : {}) as AsyncDisposal;
}

/** Its name, if it has one here. */
export const disposeNames: readonly (keyof AsyncDisposal)[] = Reflect.ownKeys(disposal(async () => {})) as (keyof AsyncDisposal)[];
