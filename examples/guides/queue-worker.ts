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

/** No further attempt helps this job. */
class ImpossibleJob extends Error {}

/** Statuses of an API that may be others at the next attempt. A 401 is one: after it, the next attempt finds out whether the login is over. */
const passing = (status: number): boolean => status >= 500 || [401, 408, 425, 429].includes(status);

function read(job: string): { user: string; order: string } {
  try {
    const { user, order } = JSON.parse(job) as Record<string, unknown>;
    if (typeof user === "string" && user !== "" && typeof order === "string") return { user, order };
  } catch {}
  throw new ImpossibleJob("Not a job.");
}

async function work(job: string): Promise<void> {
  const { user, order } = read(job);
  const send = bearer(users.for(user), { origins: API_ORIGIN })(fetch);
  const init = { method: "POST", body: JSON.stringify({ order }), signal: AbortSignal.timeout(longestJob * 1000) };
  const response = await send(`${API_ORIGIN}/orders`, init);
  await response.body?.cancel();
  if (response.ok) return;
  const problem = `The API answered ${response.status}.`;
  throw passing(response.status) ? new Error(problem) : new ImpossibleJob(problem);
}

const stopping = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => stopping.abort());

console.log("Waiting for jobs");
try {
  while (!stopping.signal.aborted) {
    const job = await queue.blmove("jobs", "working", "LEFT", "RIGHT", 1);
    if (job === null) continue;
    let end = "done";
    try {
      await work(job);
    } catch (error) {
      // Only a login helps this user; trying again does not. Everything else may go away by itself.
      end = error instanceof LoginRequiredError || error instanceof ImpossibleJob ? "dead" : "jobs";
      console.log(`${job}: ${String(error)}`);
      if (end === "jobs") await setTimeout(500);
    }
    await queue.multi().lrem("working", 1, job).rpush(end, job).exec();
  }
} finally {
  // Also where Redis has failed for good: refreshes under way end, and what they brought is stored if it can be.
  await users.close();
  await store.close();
  forStore.disconnect();
  queue.disconnect();
}
