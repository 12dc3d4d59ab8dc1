import { startRedis } from "../../setup/redis.ts";
import { temporaryFolder } from "../../stores/temporary-folder.ts";
import type { Stores } from "./server-ways.ts";

/** A Redis of its own and a place for a file, for as long as the work takes. */
export async function withStores<Result>(work: (stores: Stores) => Promise<Result>): Promise<Result> {
  using files = temporaryFolder();
  await using redis = await startRedis();
  return await work({ file: files.file("tokens.db"), redis: redis.url });
}
