/** The part of workerd's own modules that the worker of the tests uses. */
declare module "cloudflare:workers" {
  /** The bindings of the worker, also at module scope. */
  export const env: Readonly<Record<string, unknown>>;

  /**
   * Keeps the request that calls it alive, after its answer, until the promise settles or the platform's own limit has passed. Callable from
   * everything that runs on behalf of a request.
   */
  export function waitUntil(work: Promise<unknown>): void;
}

declare module "workerd" {
  /** Path of the binary for this platform. */
  const path: string;
  export default path;
}
