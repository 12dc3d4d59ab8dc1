import { memoryStore } from "@tokenflight/core";
import { createMcpLogin } from "@tokenflight/mcp";
import { createMcpLogin as createMcpLoginHere } from "@tokenflight/mcp/node";
import { createOAuthClient, noClientAuth, sharedLogin, sharedTurn } from "@tokenflight/oauth";
import { loopbackLogin } from "@tokenflight/oauth/node";
import { createTokenCache } from "@tokenflight/core";
import { expect, it } from "vitest";

const store = memoryStore();
const client = createOAuthClient({
  tokenEndpoint: "https://login.example.com/token",
  authorizationEndpoint: "https://login.example.com/authorize",
  clientId: "id",
  clientAuth: noClientAuth(),
});
const grant = { redirectUri: "https://app.example.com/callback", timeout: 0 };
const tokens = createTokenCache({ source: client.refreshToken(), store, key: "me" });
const work = { find: async () => undefined, make: async () => 1, keep: async () => 1 };

it.each<[string, () => unknown]>([
  ["createMcpLogin.loginTimeout", () => createMcpLogin({ store, client: { name: "a test" }, loginTimeout: 0 })],
  ["createMcpLogin.loginTimeout", () => createMcpLoginHere({ store, client: { name: "a test" }, loginTimeout: 0 })],
  ["loopbackLogin.timeout", () => loopbackLogin(client, { timeout: 0, open: () => {} })],
  ["authorizationUrl.timeout", () => client.authorizationUrl(grant)],
  ["sharedLogin.timeout", () => sharedLogin(store, "me", async () => tokens.get(), { tokens, timeout: 0 })],
  ["sharedTurn.timeout", () => sharedTurn(store, "turn", "me", work, { timeout: 0 })],
])("%s is not zero: no user is as fast", async (option, call) => {
  await expect((async () => call())()).rejects.toMatchObject({
    code: "ERR_INVALID_OPTION",
    message: `${option}: expected a number of seconds above zero, got 0.`,
  });
});
