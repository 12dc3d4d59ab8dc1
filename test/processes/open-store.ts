import type { TokenStore } from "@tokenflight/core";
import type { StoreSetting } from "./member-setting.ts";

const quiet = { warn: () => {} };

/** Opens a store with a connection of its own, which `close` ends, too. Only the driver that is wanted is loaded. */
export async function openStore(setting: StoreSetting): Promise<TokenStore & AsyncDisposable> {
  if (setting.kind === "sqlite") {
    const { sqliteStore } = await import("@tokenflight/sqlite");
    return closing(sqliteStore({ path: setting.path }), () => {});
  }
  const { redisStore } = await import("@tokenflight/redis");
  if (setting.kind === "ioredis") {
    const { Redis } = await import("ioredis");
    const client = new Redis(setting.url, { maxRetriesPerRequest: null });
    return closing(redisStore({ client, ...quiet }), () => client.disconnect());
  }
  const { createClient } = await import("redis");
  const client = createClient({ url: setting.url });
  client.on("error", () => {});
  await client.connect();
  return closing(redisStore({ client, ...quiet }), () => client.destroy());
}

/** The methods of the seam that a wrapper passes on as they are, where the store has them. */
const passedOn = ["read", "compareAndSet", "watch", "watchAll", "keepOpen", "holder", "isGone"] as const;

function closing(store: TokenStore, disconnect: () => void): TokenStore & AsyncDisposable {
  const close = async (): Promise<void> => {
    await store.close?.();
    disconnect();
  };
  const methods = passedOn.flatMap((name) => {
    const method: unknown = store[name];
    return typeof method === "function" ? [[name, method.bind(store)]] : [];
  });
  return { ...(Object.fromEntries(methods) as TokenStore), close, [Symbol.asyncDispose]: close };
}
