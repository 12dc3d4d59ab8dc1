/**
 * A process that sends one request after the other with the tokens of a shared login. While it has none, its requests say so by having no
 * token, which a program would not send.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { createTokenCache, LoginRequiredError } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { openStore } from "./open-store.ts";
import type { SenderCommands, SenderSetting } from "./sender-commands.ts";
import { readSetting, serveCommands } from "./serve-commands.ts";

/** Milliseconds between an answer and the next request. */
const pace = 5;

const { store, tokenEndpoint, clientId, clientSecret, name, key, api } = readSetting<SenderSetting>();
const client = createOAuthClient({ tokenEndpoint, clientId, clientAuth: clientSecretBasic(clientSecret) });
const tokens = createTokenCache({ source: client.refreshToken(), store: await openStore(store), key, timeouts: { store: 10 } });
const send = bearer(tokens, { origins: api })(fetch);
const headers = { "x-sender": name };

async function sendForEver(): Promise<never> {
  for (;;) {
    const answer = await send(api, { headers }).catch((error: unknown) => {
      if (error instanceof LoginRequiredError) return fetch(api, { headers });
      throw error;
    });
    await answer.text();
    await sleep(pace);
  }
}

serveCommands({
  save: async (answer) => void (await tokens.save({ ...answer })),
  forget: () => tokens.forget(),
  status: () => {
    const { state, scope } = tokens.status();
    return { state, scope };
  },
} satisfies SenderCommands);

await sendForEver();
