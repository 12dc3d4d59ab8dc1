/** What an object keeps. `transaction` is one step: nothing else of the object writes meanwhile. A global type, as in @cloudflare/workers-types. */
interface DurableObjectStorage {
  get<Value>(key: string): Promise<Value | undefined>;
  put(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<boolean>;
  setAlarm(at: number): Promise<void>;
  transaction<Result>(run: (storage: DurableObjectStorage) => Promise<Result>): Promise<Result>;
}

/** The part of workerd's own modules that the workers of the tests and of the guides use. */
declare module "cloudflare:workers" {
  /** The bindings of the worker, also at module scope. */
  export const env: Readonly<Record<string, unknown>>;

  /**
   * Keeps the request that calls it alive, after its answer, until the promise settles or the platform's own limit has passed. Callable from
   * everything that runs on behalf of a request.
   */
  export function waitUntil(work: Promise<unknown>): void;

  /** There is one of each name, wherever requests come in. */
  export class DurableObject {
    protected readonly ctx: { readonly storage: DurableObjectStorage; waitUntil(work: Promise<unknown>): void };
  }
}

declare module "workerd" {
  /** Path of the binary for this platform. */
  const path: string;
  export default path;
}
