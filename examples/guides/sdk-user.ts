import { Octokit } from "@octokit/core";
import { createTokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import OpenAI from "openai";
import { Shop, ShopError } from "./sdk-author.ts";

const { ISSUER = "", CLIENT_ID = "", CLIENT_SECRET = "", API_ORIGIN = "" } = process.env;

// The SDK gets its tokens itself.
const credentials = { issuer: ISSUER, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET };
const shop = new Shop({ baseUrl: API_ORIGIN, credentials });
console.log(await shop.createOrder("tea"));
await shop.close();

// The program has the tokens, and lends its fetch to each SDK.
const client = createOAuthClient({ issuer: ISSUER, clientId: CLIENT_ID, clientAuth: clientSecretBasic(CLIENT_SECRET) });
const tokens = createTokenCache({ source: client.clientCredentials() });
const withToken = bearer(tokens, { origins: API_ORIGIN, placeholder: "Bearer tokenflight" })(fetch);

const another = new Shop({ baseUrl: API_ORIGIN, fetch: withToken });
const octokit = new Octokit({ baseUrl: API_ORIGIN, request: { fetch: withToken } });
const openai = new OpenAI({ baseURL: API_ORIGIN, apiKey: "tokenflight", fetch: withToken });
console.log(await another.createOrder("coffee"));
console.log((await octokit.request("GET /user")).data);
console.log((await openai.models.list()).data);

const stranger = new Shop({ baseUrl: API_ORIGIN, credentials: { ...credentials, clientSecret: "wrong" } });
try {
  await stranger.createOrder("tea");
} catch (error) {
  if (error instanceof ShopError) console.log(error.message, error.code);
}
await tokens.close();
