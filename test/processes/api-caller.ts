/** A process that calls several APIs with one login, whose access tokens for each of them it keeps apart. */
import { setTimeout as sleep } from "node:timers/promises";
import { bearer } from "@tokenflight/fetch";
import { clientSecretBasic, createLogin, createOAuthClient } from "@tokenflight/oauth";
import type { ApiCallerCommands, ApiCallerSetting } from "./api-caller-commands.ts";
import { openStore } from "./open-store.ts";
import { readSetting, serveCommands } from "./serve-commands.ts";

const { store, tokenEndpoint, clientId, clientSecret, key, apis } = readSetting<ApiCallerSetting>();
const client = createOAuthClient({ tokenEndpoint, clientId, clientAuth: clientSecretBasic(clientSecret) });
const login = createLogin({ client, store: await openStore(store), key });

/** Milliseconds between two requests to one API. */
const pace = 40;

serveCommands({
  async call(duration) {
    const end = performance.now() + duration;
    const statuses: Record<string, number> = {};
    await Promise.all(
      apis.map(async ({ resource, origin }) => {
        const api = bearer(login.for({ resource }), { origins: origin })(fetch);
        while (performance.now() < end) {
          const outcome = await api(`${origin}/orders`).then(
            async (response) => (await response.text(), String(response.status)),
            (error: { code?: string }) => error.code ?? "an error without a code",
          );
          statuses[outcome] = (statuses[outcome] ?? 0) + 1;
          await sleep(pace);
        }
      }),
    );
    return statuses;
  },
} satisfies ApiCallerCommands);
