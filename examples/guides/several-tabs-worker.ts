import { indexedDbStore, serveTokens, workerKeepAlive } from "@tokenflight/browser";
import { createTokenCache } from "@tokenflight/core";
import { createOAuthClient, noClientAuth } from "@tokenflight/oauth";

const { VITE_ISSUER, VITE_CLIENT_ID } = import.meta.env;

const client = createOAuthClient({ issuer: VITE_ISSUER, clientId: VITE_CLIENT_ID, clientAuth: noClientAuth() });
const store = indexedDbStore({ name: "my-shop" });
const tokens = createTokenCache({ source: client.refreshToken(), store, key: "user", keepAlive: workerKeepAlive });

serveTokens(tokens, { client });
