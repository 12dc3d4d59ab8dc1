/**
 * A service that uses the tokens of one login, or of many, all the time. It refreshes in the background, and ends at SIGTERM as the guides
 * have it. It prints "started", and "slow" where its refresh is held.
 */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { createTokenCache, createTokenPool, type TokenCache, type TokenSource } from "@tokenflight/core";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { CrashPoints } from "./crash-points.ts";
import { openStore } from "./open-store.ts";
import { passingClock, untilRefreshAhead } from "./passing-clock.ts";
import { say } from "./say.ts";
import { readSetting } from "./serve-commands.ts";
import type { ServiceSetting } from "./service-setting.ts";
import { subjectFetch } from "./subject-fetch.ts";

const { store: storeSetting, tokenEndpoint, clientId, clientSecret, keys, end, slowAt } = readSetting<ServiceSetting>();
const points = new CrashPoints();
if (slowAt !== undefined) {
  points.hold(slowAt, async () => {
    say("slow");
    await once(process, "SIGTERM");
    await sleep(200);
  });
}
const store = points.inStore(await openStore(storeSetting));

function sourceOf(key: string): TokenSource {
  const clientAuth = clientSecretBasic(clientSecret);
  return createOAuthClient({ tokenEndpoint, clientId, clientAuth, fetch: subjectFetch(key, points.fetch) }).refreshToken();
}

const { clock, pass } = passingClock();
const [only = "", ...others] = keys;
const tokens = createTokenCache({ source: sourceOf(only), store, key: only, clock });
const pool = createTokenPool({ source: sourceOf, store, clock });
const tokensOf = (key: string): TokenCache => (others.length === 0 ? tokens : pool.for(key));

/** Milliseconds between two requests for each login. */
const pace = 20;

process.once("SIGTERM", async () => {
  // It begins no work any more.
  clearInterval(requests);
  if (end === "cache, then store") await (others.length === 0 ? tokens : pool).close();
  await store.close?.();
});

say("started");
await Promise.all(keys.map((key) => tokensOf(key).get()));
pass(untilRefreshAhead);
// The tokens are sent, and their refreshes begin.
const requests = setInterval(() => keys.forEach((key) => void tokensOf(key).get().catch(unlessClosed)), pace);

/** A request that waits for a token when the service ends is told so. */
function unlessClosed(error: { code?: string }): void {
  if (error.code !== "ERR_CLOSED") throw error;
}
