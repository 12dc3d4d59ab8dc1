import { createTokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { EnvHttpProxyAgent, fetch } from "undici";

const { ISSUER = "", CLIENT_ID = "", CLIENT_SECRET = "", API_ORIGIN = "" } = process.env;

// HTTPS_PROXY, HTTP_PROXY and NO_PROXY say what goes which way.
const dispatcher = new EnvHttpProxyAgent();
const send = ((url: string, init: object) => fetch(url, { ...init, dispatcher })) as unknown as typeof globalThis.fetch;

const client = createOAuthClient({ issuer: ISSUER, clientId: CLIENT_ID, clientAuth: clientSecretBasic(CLIENT_SECRET), fetch: send });
const tokens = createTokenCache({ source: client.clientCredentials() });

const api = bearer(tokens, { origins: API_ORIGIN })(send);
const { status } = await api(`${API_ORIGIN}/orders`);
console.log(`The API answered ${status}.`);
