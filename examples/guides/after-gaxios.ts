import { readFileSync } from "node:fs";
import { createTokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { clientSecretPost, createOAuthClient } from "@tokenflight/oauth";
import { sqliteStore } from "@tokenflight/sqlite";
import { Gaxios } from "gaxios";

const { ISSUER = "", CLIENT_ID = "", CLIENT_SECRET = "", API_ORIGIN = "", LOGIN = "login.json", TOKENS = "tokens.db" } = process.env;

const client = createOAuthClient({ issuer: ISSUER, clientId: CLIENT_ID, clientAuth: clientSecretPost(CLIENT_SECRET) });
const store = sqliteStore({ path: TOKENS });
const tokens = createTokenCache({ source: client.refreshToken(), store, key: "crm" });
await tokens.seed(JSON.parse(readFileSync(LOGIN, "utf8")));

const gaxios = new Gaxios({ fetchImplementation: bearer(tokens, { origins: API_ORIGIN })(fetch) });

async function send(path: string): Promise<number> {
  return (await gaxios.request({ url: `${API_ORIGIN}${path}` })).status;
}

const answers = await Promise.all(process.argv.slice(2).map((path) => send(path).catch(() => "failed")));
console.log(answers.join(" "));
await tokens.close();
await store.close();
