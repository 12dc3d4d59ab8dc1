/** A process that calls an API with one client and the tokens of a shared store. */
import { setTimeout as sleep } from "node:timers/promises";
import { createTokenCache } from "@tokenflight/core";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { clients } from "../clients/clients.ts";
import type { CallerCommands, CallerSetting } from "./caller-commands.ts";
import { History } from "./history.ts";
import { openStore } from "./open-store.ts";
import { recordedStore, recordedTokens } from "./recording.ts";
import { readSetting, serveCommands } from "./serve-commands.ts";

const { store, tokenEndpoint, clientId, clientSecret, key, name, api, ...setting } = readSetting<CallerSetting>();
const history = new History(setting.history);
const oauth = createOAuthClient({ tokenEndpoint, clientId, clientAuth: clientSecretBasic(clientSecret) });
const tokens = createTokenCache({
  source: oauth.refreshToken(),
  store: recordedStore(await openStore(store), name, history),
  key,
  timeouts: setting.timeouts,
  observe(event) {
    if (event.type === "token-adopted") history.note({ by: name, did: "adopted", generation: event.generation });
  },
});
const client = clients.find((one) => one.name === setting.client);
if (client === undefined) throw new Error(`There is no client ${setting.client}.`);
const send = client.connect(recordedTokens(tokens, name, history), api);

/** Milliseconds between a process's requests, and between its looks for the next token. */
const pace = 60;

async function nextToken(previous: string | undefined): Promise<string> {
  for (;;) {
    const { fingerprint } = await tokens.get();
    if (fingerprint !== previous) return fingerprint;
    await sleep(pace);
  }
}

serveCommands({
  async call(generations, requestsEach) {
    const failures: string[] = [];
    let requests = 0;
    let refusals = 0;
    let token: string | undefined;
    for (let generation = 0; generation < generations; generation += 1) {
      token = await nextToken(token);
      for (let request = 0; request < requestsEach; request += 1) {
        requests += 1;
        try {
          const { status } = await send({ path: `/orders/${requests}` });
          if (status === 401) refusals += 1;
          if (status !== 200) failures.push(String(status));
        } catch (error) {
          failures.push(String(error));
        }
        await sleep(pace);
      }
    }
    await nextToken(token);
    return { requests, failures, refusals };
  },
} satisfies CallerCommands);
