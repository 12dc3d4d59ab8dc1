import { setTimeout } from "node:timers/promises";
import { createTokenPool, LoginRequiredError } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { redisStore } from "@tokenflight/redis";
import { Redis } from "ioredis";

const { ISSUER = "", CLIENT_ID = "", CLIENT_SECRET = "", API_ORIGIN = "", REDIS_URL = "redis://127.0.0.1:6379" } = process.env;

const connect = (): Redis => new Redis(REDIS_URL).on("error", (error) => console.error(`Redis: ${error.message}`));

// BLMOVE keeps everything waiting that comes after it on its connection: the store has one of its own.
const [queue, forStore] = [connect(), connect()];
const client = createOAuthClient({ issuer: ISSUER, clientId: CLIENT_ID, clientAuth: clientSecretBasic(CLIENT_SECRET) });
const store = redisStore({ client: forStore });
const users = createTokenPool({ source: () => client.refreshToken(), store });

/** Seconds for a job: shorter than the wait for a worker that was killed in a refresh (17.5 s). */
const longestJob = 10;

async function work(job: string): Promise<void> {
  const { user, order } = JSON.parse(job) as { user: string; order: string };
  const send = bearer(users.for(user), { origins: API_ORIGIN })(fetch);
  const init = { method: "POST", body: JSON.stringify({ order }), signal: AbortSignal.timeout(longestJob * 1000) };
  const response = await send(`${API_ORIGIN}/orders`, init);
  if (!response.ok) throw new Error(`The API answered ${response.status}.`);
  await response.body?.cancel();
}

const stopping = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => stopping.abort());

console.log("Waiting for jobs");
while (!stopping.signal.aborted) {
  const job = await queue.blmove("jobs", "working", "LEFT", "RIGHT", 1);
  if (job === null) continue;
  let end = "done";
  try {
    await work(job);
  } catch (error) {
    // Only a login helps this user; trying again does not. Everything else may go away by itself.
    end = error instanceof LoginRequiredError ? "dead" : "jobs";
    console.log(`${job}: ${String(error)}`);
    if (end === "jobs") await setTimeout(500);
  }
  await queue.multi().lrem("working", 1, job).rpush(end, job).exec();
}

await users.close(); // refreshes under way end, and what they brought is stored
await store.close();
forStore.disconnect();
queue.disconnect();
