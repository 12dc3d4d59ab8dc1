import { attachBearer } from "@tokenflight/axios";
import { createTokenCache } from "@tokenflight/core";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import axios from "axios";

const { ISSUER = "", CLIENT_ID = "", CLIENT_SECRET = "", API_ORIGIN = "" } = process.env;

const client = createOAuthClient({ issuer: ISSUER, clientId: CLIENT_ID, clientAuth: clientSecretBasic(CLIENT_SECRET) });
const tokens = createTokenCache({ source: client.clientCredentials({ scope: "read" }) });

const api = axios.create({ baseURL: API_ORIGIN });
attachBearer(api, tokens);

const { status } = await api.get("/orders");
console.log(`The API answered ${status}.`);
