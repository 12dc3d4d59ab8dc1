import { createTokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { sqliteStore } from "@tokenflight/sqlite";

const { ISSUER = "", CLIENT_ID = "", CLIENT_SECRET = "", REFRESH_TOKEN = "", API_ORIGIN = "", TOKENS = "tokens.db" } = process.env;

const client = createOAuthClient({ issuer: ISSUER, clientId: CLIENT_ID, clientAuth: clientSecretBasic(CLIENT_SECRET) });
const store = sqliteStore({ path: TOKENS });
const tokens = createTokenCache({ source: client.refreshToken(), store, key: "crm" });

try {
  const wasTaken = REFRESH_TOKEN !== "" && (await tokens.seed({ refresh_token: REFRESH_TOKEN }));
  console.log(wasTaken ? "Began with REFRESH_TOKEN." : "Went on with what is stored.");

  const { status } = await bearer(tokens, { origins: API_ORIGIN })(fetch)(`${API_ORIGIN}/orders`);
  console.log(`The API answered ${status}.`);
} finally {
  // Also after an error: a refresh that is under way is stored.
  await tokens.close();
  await store.close();
}
