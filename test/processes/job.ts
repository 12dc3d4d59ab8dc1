/** A program that does one thing and ends by itself. It closes nothing, and nothing but its tokens can keep it. */
import { setTimeout as sleep } from "node:timers/promises";
import { createTokenCache, type TokenSource, type TokenStore } from "@tokenflight/core";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import type { JobSetting } from "./job-setting.ts";
import { openStore } from "./open-store.ts";
import { outcomeOf } from "./outcome.ts";
import { passingClock, untilRefreshAhead } from "./passing-clock.ts";
import { say } from "./say.ts";
import { readSetting } from "./serve-commands.ts";
import { subjectFetch } from "./subject-fetch.ts";

const { store: storeSetting, tokenEndpoint, clientId, clientSecret, key, last, writeFails } = readSetting<JobSetting>();

function failingOnce(store: TokenStore): TokenStore {
  let hasFailed = false;
  return {
    ...store,
    async compareAndSet(storeKey, expected, value, options) {
      const { intent } = JSON.parse(value ?? "{}") as { intent?: unknown };
      if (intent === undefined && !hasFailed) {
        hasFailed = true;
        throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
      }
      return store.compareAndSet(storeKey, expected, value, options);
    },
  };
}

async function main(): Promise<void> {
  const { clock, pass } = passingClock();
  const opened = await openStore(storeSetting);
  const store = writeFails === true ? failingOnce(opened) : opened;
  const clientAuth = clientSecretBasic(clientSecret);
  const client = createOAuthClient({ tokenEndpoint, clientId, clientAuth, fetch: subjectFetch(key, fetch) });
  const refreshToken = client.refreshToken();
  const asked = { requests: 0 };
  const counted: TokenSource = (context) => {
    asked.requests += 1;
    return refreshToken(context);
  };
  const tokens = createTokenCache({ source: Object.assign(counted, refreshToken), store, key, clock });
  const old = await tokens.get();
  if (last === "waits for a token") say(`outcome ${JSON.stringify(await outcomeOf(tokens.renew(old)))}`);
  if (last === "leaves a refresh behind") {
    pass(untilRefreshAhead);
    for (; asked.requests === 0; await sleep(10)) await tokens.get();
  }
  say("done");
}

void main();
