/** What is used of an ioredis client, a single one or a cluster's. */
export interface IoredisClient {
  readonly status: string;
  evalsha(sha: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>;
  eval(script: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>;
  info(): Promise<string>;
  duplicate(): unknown;
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
}

/** What is used of a client of the package `redis` (node-redis), 5.10 or later: a single one, a pool's, a cluster's or a sentinel's. */
export interface NodeRedisClient {
  readonly isOpen: boolean;
  evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
}

export function isIoredis(client: object): client is IoredisClient {
  return typeof (client as IoredisClient).status === "string" && has(client, "evalsha", "eval", "duplicate", "on", "off");
}

export function isNodeRedis(client: object): client is NodeRedisClient {
  return typeof (client as NodeRedisClient).isOpen === "boolean" && has(client, "evalSha", "eval", "on", "off");
}

function has(client: object, ...methods: string[]): boolean {
  return methods.every((name) => typeof (client as Record<string, unknown>)[name] === "function");
}
