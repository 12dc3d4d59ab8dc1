/** Runs a function and tells, in everything that the function calls, whose work it is. */
export interface Scope<Owner> {
  run<Result>(owner: Owner, work: () => Result): Result;
  current(): Owner | undefined;
}

interface Storage<Owner> {
  run<Result>(owner: Owner, work: () => Result): Result;
  getStore(): Owner | undefined;
}

interface Host {
  process?: { getBuiltinModule?(name: string): { AsyncLocalStorage: new <Owner>() => Storage<Owner> } | undefined };
}

/**
 * A token source that asks its own cache for a token would wait for itself. AsyncLocalStorage finds it at once; on a runtime that
 * has none, the token request's deadline ends the wait. It is looked up on the running host, because core imports nothing of Node's.
 */
export function createScope<Owner>(): Scope<Owner> {
  const hooks = (globalThis as Host).process?.getBuiltinModule?.("node:async_hooks");
  if (hooks === undefined) return { run: (_, work) => work(), current: () => undefined };
  const storage = new hooks.AsyncLocalStorage<Owner>();
  return { run: (owner, work) => storage.run(owner, work), current: () => storage.getStore() };
}
