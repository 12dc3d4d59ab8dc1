import { readFileSync } from "node:fs";
import { attachBearer } from "@tokenflight/axios";
import { createTokenCache } from "@tokenflight/core";
import { clientSecretPost, createOAuthClient } from "@tokenflight/oauth";
import { sqliteStore } from "@tokenflight/sqlite";
import axios from "axios";

const { ISSUER = "", CLIENT_ID = "", CLIENT_SECRET = "", API_ORIGIN = "", LOGIN = "login.json", TOKENS = "tokens.db" } = process.env;

const client = createOAuthClient({ issuer: ISSUER, clientId: CLIENT_ID, clientAuth: clientSecretPost(CLIENT_SECRET) });
const store = sqliteStore({ path: TOKENS });
const tokens = createTokenCache({ source: client.refreshToken(), store, key: "crm" });
await tokens.seed(JSON.parse(readFileSync(LOGIN, "utf8")));

const api = axios.create({ baseURL: API_ORIGIN });
attachBearer(api, tokens);

const answers = await Promise.all(process.argv.slice(2).map((path) => api.get(path).catch((error) => error.response ?? error)));
console.log(answers.map(({ status, code }) => status ?? code).join(" ")); // a token error has no response
await tokens.close();
await store.close();
