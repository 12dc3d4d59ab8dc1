/** Remembers, for everything that `work` calls, on whose behalf it runs. */
type Scope<Owner> = { run<Result>(owner: Owner, work: () => Result): Result; current(): Owner | undefined };
type Storage = new <Owner>() => Pick<Scope<Owner>, "run"> & { getStore(): Owner | undefined };
type Host = { AsyncLocalStorage?: Storage; process?: { getBuiltinModule?(name: string): { AsyncLocalStorage?: Storage } | undefined } };

/** Without AsyncLocalStorage nobody knows who calls, and a source that waits for itself does so until its deadline. */
export function createScope<Owner>(): Scope<Owner> {
  const AsyncLocalStorage = findStorage();
  if (AsyncLocalStorage === undefined) return { run: (_, work) => work(), current: () => undefined };
  const storage = new AsyncLocalStorage<Owner>();
  return { run: (owner, work) => storage.run(owner, work), current: () => storage.getStore() };
}

/** Core imports nothing of Node's, and looks it up on the running host. */
function findStorage(): Storage | undefined {
  const host = globalThis as Host;
  // Edge runtimes have it there, and no module.
  if (host.AsyncLocalStorage !== undefined) return host.AsyncLocalStorage;
  try {
    return host.process?.getBuiltinModule?.("node:async_hooks")?.AsyncLocalStorage;
  } catch {
    // Some sandboxes throw as soon as anybody looks.
    return undefined;
  }
}
