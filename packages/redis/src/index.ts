export { redisStore, type RedisStore, type RedisStoreOptions } from "./redis-store.ts";
export type { IoredisClient, NodeRedisClient } from "./clients.ts";
export type { RedisWarning } from "./server-check.ts";
