import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import { createTokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { Agent, fetch } from "undici";

const { ISSUER = "", CLIENT_ID = "", CLIENT_SECRET = "", API_ORIGIN = "", CA_FILE = "" } = process.env;

// The company's CA, beside those that Node knows.
const dispatcher = new Agent({ connect: { ca: [...rootCertificates, readFileSync(CA_FILE, "utf8")] } });
const send = ((url: string, init: object) => fetch(url, { ...init, dispatcher })) as unknown as typeof globalThis.fetch;

const client = createOAuthClient({ issuer: ISSUER, clientId: CLIENT_ID, clientAuth: clientSecretBasic(CLIENT_SECRET), fetch: send });
const tokens = createTokenCache({ source: client.clientCredentials() });

const api = bearer(tokens, { origins: API_ORIGIN })(send);
const { status } = await api(`${API_ORIGIN}/orders`);
console.log(`The API answered ${status}.`);
