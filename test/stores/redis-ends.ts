/**
 * Watches a Redis store, ends its client in one way and closes no store, and prints how often it was told: `redis-ends.ts <driver> <how> <url>`. The process has
 * to end by itself.
 */
import { redisStore } from "@tokenflight/redis";
import { Redis } from "ioredis";
import { createClient } from "redis";

const [driver, how, url = ""] = process.argv.slice(2);
const ignore = (): void => {};
let told = 0;

async function watch(client: Parameters<typeof redisStore>[0]["client"]): Promise<void> {
  const store = redisStore({ client, warn: ignore });
  const heard = new Promise<void>((resolve) => {
    store.watchAll(() => {
      told += 1;
      resolve();
    });
  });
  if (how === "lazy") return;
  await store.read("key");
  await heard;
}

if (driver === "ioredis") {
  const client = new Redis(how === "lazy" ? "redis://127.0.0.1:9" : url, { lazyConnect: how === "lazy" });
  client.on("error", ignore);
  await watch(client);
  if (how === "quit") await client.quit();
  if (how === "disconnect") client.disconnect();
} else {
  const client = createClient({ url: how === "lazy" ? "redis://127.0.0.1:9" : url });
  client.on("error", ignore);
  if (how !== "lazy") await client.connect();
  await watch(client);
  if (how === "quit") await client.close();
  if (how === "disconnect") client.destroy();
}
process.stdout.write(`told ${told > 0 ? "something" : "nothing"}\n`);
