/** What the worker of a test is to be. It reaches the worker as a binding. */
export interface WorkerSetting {
  readonly tokenEndpoint: string;
  /** Whose metadata name the token endpoint. Default: the worker knows the token endpoint and asks nobody. */
  readonly issuer?: string | undefined;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Origin of the API. */
  readonly api: string;
  readonly grant: "refresh token" | "client credentials";
  /**
   * Where the caches live: one at module scope, a pool at module scope, a new cache for each request over one memory store at module scope, or
   * one at module scope over a store that takes its time and gives no hints. A login goes to the last one's store by another cache.
   */
  readonly scope: "cache" | "pool" | "store" | "slow store";
  /** What takes background work: nothing, `waitUntil` of "cloudflare:workers", or the `waitUntil` of the request's own context. */
  readonly keepAlive?: "module" | "context" | undefined;
  /** Seconds that a token request may take. */
  readonly requestTimeout: number;
  /** Of the pool's queue. */
  readonly queue?: { readonly concurrency?: number; readonly interval?: number; readonly intervalCap?: number } | undefined;
}

/** What a request to the worker asks for, in its query. */
export interface CallOptions {
  /** Looks whether there is a token, and ends, in place of a call of the API. */
  readonly peek?: boolean | undefined;
  /** A subject of the pool. */
  readonly user?: string | undefined;
  /** Milliseconds after which the caller in the worker gives up. */
  readonly giveUp?: number | undefined;
  /** The same, from the beginning of a token request on its behalf. */
  readonly abandon?: number | undefined;
  /** Whether the worker's answer begins at once, so that it notices when its client closes the socket. */
  readonly stream?: boolean | undefined;
}

/** What the worker answers: the API's status, or what the call rejected with. */
export type WorkerAnswer = { readonly status: number } | { readonly error: string };
