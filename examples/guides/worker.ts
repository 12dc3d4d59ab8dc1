import { env, waitUntil } from "cloudflare:workers";
import { createTokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";

const { ISSUER = "", CLIENT_ID = "", CLIENT_SECRET = "", API_ORIGIN = "" } = env as Record<string, string>;

// Outside of the handler: all requests of an isolate share it.
const client = createOAuthClient({ issuer: ISSUER, clientId: CLIENT_ID, clientAuth: clientSecretBasic(CLIENT_SECRET) });
const tokens = createTokenCache({ source: client.clientCredentials({ scope: "read" }), keepAlive: waitUntil });
const api = bearer(tokens, { origins: API_ORIGIN })(fetch);

export default {
  async fetch(): Promise<Response> {
    const { status } = await api(`${API_ORIGIN}/orders`);
    return new Response(`The API answered ${status}.\n`);
  },
};
