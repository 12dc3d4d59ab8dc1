import { createTokenCache, TokenflightError } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { clientSecretPost, createOAuthClient, type FetchFunction } from "@tokenflight/oauth";
import { sqliteStore } from "@tokenflight/sqlite";

const { TOKEN_ENDPOINT = "", CLIENT_ID = "", CLIENT_SECRET = "", API_ORIGIN = "", REFRESH_TOKEN = "", TOKENS = "tokens.db" } = process.env;

/** This server says "token" where others say "access_token". */
const renamed: FetchFunction = async (url, init) => {
  const response = await fetch(url, init);
  const text = (await response.text()).replaceAll('"token":', '"access_token":');
  return new Response(text || null, response); // a 204 has no body
};

const client = createOAuthClient({
  tokenEndpoint: TOKEN_ENDPOINT, // it has no metadata, so that there is no `issuer` to give
  clientId: CLIENT_ID,
  clientAuth: clientSecretPost(CLIENT_SECRET),
  requestFormat: "json", // it reads no forms
  tokenParameters: { action: "requesttoken" }, // and wants this with every token request
  tokensAt: ["result", "tokens"], // { "status": 0, "result": { "tokens": { "token": "...", ... } } }
  bearerTypes: ["user"], // "token_type": "user" is a Bearer token
  fetch: renamed,
  // A session that is over is a 200 with { "status": 293 }.
  loginRequired: ({ body }) => (typeof body === "object" && body["status"] === 293 ? true : undefined),
});

const store = sqliteStore({ path: TOKENS });
const tokens = createTokenCache({
  source: client.refreshToken(),
  store,
  key: "alice",
  freshness: { defaultLifetime: 3600 }, // it does not say when a token ends
});

try {
  await tokens.seed({ refresh_token: REFRESH_TOKEN });
  const { status } = await bearer(tokens, { origins: API_ORIGIN })(fetch)(`${API_ORIGIN}/orders`);
  console.log(`The API answered ${status}.`);
} catch (error) {
  if (!TokenflightError.is(error)) throw error;
  console.log(`${error.code}: ${error.message}`);
} finally {
  await tokens.close();
  await store.close();
}
