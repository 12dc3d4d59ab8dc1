import { join } from "node:path";
import { createTokenCache, type TokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { sqliteStore } from "@tokenflight/sqlite";
import { sendWith } from "../clients/fetch-base.ts";
import { tokenSetOf } from "../tokenflight.ts";
import type { ProcessContender, SharedSetting } from "./process-contender.ts";

export const processesTokenflight: ProcessContender = {
  name: "tokenflight with @tokenflight/sqlite",
  role: "ours",
  async prepare(setting) {
    await cacheIn(setting).save(tokenSetOf(setting.held));
  },
  connect: async (setting) => sendWith(bearer(cacheIn(setting), { origins: setting.origin })(fetch), setting.origin),
};

function cacheIn({ tokenEndpoint, folder }: SharedSetting): TokenCache {
  const client = createOAuthClient({ tokenEndpoint, clientId: "bench", clientAuth: clientSecretBasic("secret") });
  return createTokenCache({ source: client.refreshToken(), store: sqliteStore({ path: join(folder, "tokens.sqlite") }), key: "user" });
}
