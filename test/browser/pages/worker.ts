import { indexedDbStore, serveTokens, workerKeepAlive } from "@tokenflight/browser";
import { createTokenCache } from "@tokenflight/core";
import { createOAuthClient, noClientAuth } from "@tokenflight/oauth";

/** An application's own way to tell its worker where its servers are. */
const { searchParams } = new URL(location.href);
const [tokenEndpoint = "", clientId = "", store = ""] = ["tokenEndpoint", "clientId", "store"].map((name) => searchParams.get(name) ?? "");

const client = createOAuthClient({ tokenEndpoint, clientId, clientAuth: noClientAuth() });
const tokens = createTokenCache({
  source: client.refreshToken(),
  store: indexedDbStore({ name: store }),
  key: "user",
  keepAlive: workerKeepAlive,
});
serveTokens(tokens, { client });
