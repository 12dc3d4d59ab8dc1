import { connectTokens, indexedDbStore, loginByRedirect } from "@tokenflight/browser";
import { createTokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { createOAuthClient, noClientAuth } from "@tokenflight/oauth";

const { VITE_ISSUER, VITE_CLIENT_ID, VITE_API_ORIGIN } = import.meta.env;

// For a browser that runs no service worker: the same login, in the page.
const client = createOAuthClient({ issuer: VITE_ISSUER, clientId: VITE_CLIENT_ID, clientAuth: noClientAuth() });
const store = indexedDbStore({ name: "my-app" });
const fallback = () => createTokenCache({ source: client.refreshToken(), store, key: "user" });

const tokens = connectTokens({ worker: "/token-worker.js", fallback, client });
const request = { redirectUri: `${location.origin}/callback`, scope: "openid offline_access read", parameters: { prompt: "consent" } };
const login = loginByRedirect(tokens.client, request);

// Its tokens are saved already.
await login.finish();
await tokens.reread();
if (tokens.status().state === "logged-out") await login.begin();

const { status } = await bearer(tokens, { origins: VITE_API_ORIGIN })(fetch)(`${VITE_API_ORIGIN}/orders`);
document.body.textContent = `The API answered ${status}.`;
