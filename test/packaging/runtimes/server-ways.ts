/** The clients and stores that need what Node has. Each is loaded by itself: one that is missing takes none of the others along. */
import type { TokenStore } from "@tokenflight/core";
import type { Attach, Way } from "./contract.ts";
import { overAxios, portableWays } from "./portable-ways.ts";

const overGot: Attach = async (tokens, origin) => {
  const [{ bearer }, { default: got }] = await Promise.all([import("@tokenflight/got"), import("got")]);
  const api = got.extend(bearer(tokens, { origins: origin }), { retry: { limit: 0 }, throwHttpErrors: false });
  return async (url, body) => {
    const { statusCode, body: text } = await (body === undefined ? api.get(url) : api.post(url, { body }));
    return { status: statusCode, text };
  };
};

const overUndici: Attach = async (tokens, origin) => {
  const [{ bearer }, { Agent, interceptors }] = await Promise.all([import("@tokenflight/undici"), import("undici")]);
  const dispatcher = new Agent().compose(interceptors.redirect({ maxRedirections: 3 }), bearer(tokens, { origins: origin }));
  return async (url, body) => {
    const { origin: at, pathname: path } = new URL(url);
    const response = await dispatcher.request(
      body === undefined ? { origin: at, path, method: "GET" } : { origin: at, path, method: "POST", body },
    );
    return { status: response.statusCode, text: await response.body.text() };
  };
};

async function inFile(path: string): Promise<TokenStore> {
  const { sqliteStore } = await import("@tokenflight/sqlite");
  return sqliteStore({ path });
}

/** The client is the program's own: it ends with the store. */
async function inRedis(client: object, end: () => unknown): Promise<TokenStore> {
  const { redisStore } = await import("@tokenflight/redis");
  const store = redisStore({ client, warn: () => {} } as Parameters<typeof redisStore>[0]);
  return {
    ...store,
    async close() {
      await store.close?.();
      await end();
    },
  };
}

async function overIoredis(url: string): Promise<TokenStore> {
  const { Redis } = await import("ioredis");
  const client = new Redis(`${url}/0`);
  return inRedis(client, () => client.quit());
}

async function overNodeRedis(url: string): Promise<TokenStore> {
  const { createClient } = await import("redis");
  const client = await createClient({ url: `${url}/1` }).connect();
  return inRedis(client, () => client.close());
}

export interface Stores {
  /** Where the SQLite store may be. */
  readonly file: string;
  /** Such as "redis://127.0.0.1:6379". */
  readonly redis: string;
}

export function serverWays({ file, redis }: Stores): Readonly<Record<string, Way>> {
  const { attach } = portableWays["fetch, refresh token"] as Way;
  return {
    ...portableWays,
    "axios, http": { attach: overAxios("http") },
    got: { attach: overGot },
    undici: { attach: overUndici },
    "sqlite store": { attach, grant: "refresh token", store: () => inFile(file) },
    "redis store, ioredis": { attach, grant: "refresh token", store: () => overIoredis(redis) },
    "redis store, node-redis": { attach, grant: "refresh token", store: () => overNodeRedis(redis) },
  };
}
