import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import { createTokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { createOAuthClient, tlsClientAuth } from "@tokenflight/oauth";
import { Agent, fetch } from "undici";

const { ISSUER = "", CLIENT_ID = "", API_ORIGIN = "", CA_FILE = "", CERTIFICATE_FILE = "", KEY_FILE = "" } = process.env;

const certificate = { cert: readFileSync(CERTIFICATE_FILE, "utf8"), key: readFileSync(KEY_FILE, "utf8") };
const dispatcher = new Agent({ connect: { ca: [...rootCertificates, readFileSync(CA_FILE, "utf8")], ...certificate } });
const send = ((url: string, init: object) => fetch(url, { ...init, dispatcher })) as unknown as typeof globalThis.fetch;

// The certificate that the connection shows says who the client is: there is no secret.
const client = createOAuthClient({ issuer: ISSUER, clientId: CLIENT_ID, clientAuth: tlsClientAuth(), fetch: send });
const tokens = createTokenCache({ source: client.clientCredentials() });

// A token that is bound to the certificate is good only over connections that show it.
const api = bearer(tokens, { origins: API_ORIGIN })(send);
const { status } = await api(`${API_ORIGIN}/orders`);
console.log(`The API answered ${status}.`);
