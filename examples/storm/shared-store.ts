import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryStore, type TokenStore } from "@tokenflight/core";
import { redisStore } from "@tokenflight/redis";
import { sqliteStore } from "@tokenflight/sqlite";
import { Redis } from "ioredis";
import { installCommand, isInstalled, redisServer } from "../../test/setup/programs.ts";
import { startRedis } from "../../test/setup/redis.ts";
import { BadArguments } from "../command-line.ts";
import type { StoreName } from "./store-names.ts";

/** Where a store is: the path of a file, the URL of a server, or nowhere but here. */
export interface StorePlace {
  readonly store: StoreName;
  readonly location: string;
}

/** Makes the place that processes share. Throws BadArguments when the machine lacks what it needs. */
export async function makeStorePlace(store: StoreName): Promise<StorePlace & AsyncDisposable> {
  if (store === "redis") {
    if (!isInstalled(redisServer)) throw new BadArguments(`--store redis needs redis-server: ${installCommand([redisServer])}`);
    const server = await startRedis();
    return { store, location: server.url, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
  }
  const folder = mkdtempSync(join(tmpdir(), "tokenflight-storm-"));
  return {
    store,
    location: join(folder, "tokens.db"),
    [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Opens the store for this process. */
export function openStore({ store, location }: StorePlace): TokenStore & { close(): Promise<void> } {
  if (store === "redis") {
    const client = new Redis(location);
    const shared = redisStore({ client });
    return {
      ...shared,
      async close() {
        await shared.close?.();
        client.disconnect();
      },
    };
  }
  const local = store === "sqlite" ? sqliteStore({ path: location }) : memoryStore();
  return { ...local, close: async () => local.close?.() };
}
