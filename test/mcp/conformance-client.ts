/** The client that the protocol's own conformance suite runs: the SDK's, with this package as all that it knows of logins. */
import { memoryStore } from "@tokenflight/core";
import { createMcpLogin, type NodeMcpLoginOptions } from "@tokenflight/mcp/node";
import { clientSecretBasic, createOAuthClient, noClientAuth, privateKeyJwt, type ClientAuth } from "@tokenflight/oauth";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

interface Context {
  readonly client_id?: string;
  readonly client_secret?: string;
  readonly private_key_pem?: string;
  readonly signing_algorithm?: "ES256";
  readonly idp_client_id?: string;
  readonly idp_id_token?: string;
  readonly idp_token_endpoint?: string;
}

const url = process.argv.at(-1) ?? "";
const { MCP_CONFORMANCE_SCENARIO: scenario = "", MCP_CONFORMANCE_CONTEXT: given = "{}" } = process.env;
const context = JSON.parse(given) as Context;

const login = createMcpLogin({
  store: memoryStore(),
  client: { name: "tokenflight conformance", metadataUrl: "https://conformance-test.local/client-metadata.json" },
  // The user agrees at once: the suite's page sends the browser back.
  onLogin: async ({ url: page }) => void (await (await fetch(page)).text()),
  loginTimeout: 30,
  ...grantOf(),
});
const { client_id: clientId } = context;
const server = login.for(url, clientId === undefined ? {} : { client: { clientId, clientAuth: clientAuth() } });
const client = new Client({ name: "tokenflight", version: "1.0.0" });
await client.connect(new StreamableHTTPClientTransport(server.url, server.transport()) as Parameters<typeof client.connect>[0]);
await client.listTools();
await client.callTool({ name: "test-tool", arguments: {} });
await client.close();

function clientAuth(): ClientAuth {
  const { client_secret: secret, private_key_pem: key, signing_algorithm: alg = "ES256" } = context;
  if (key !== undefined) return privateKeyJwt({ key, alg });
  return secret === undefined ? noClientAuth() : clientSecretBasic(secret);
}

function grantOf(): Partial<NodeMcpLoginOptions> {
  if (scenario.startsWith("auth/client-credentials")) return { grant: "client-credentials" };
  const { idp_token_endpoint: tokenEndpoint, idp_client_id: id = "", idp_id_token: idToken = "" } = context;
  if (tokenEndpoint === undefined) return {};
  const identityProvider = createOAuthClient({ tokenEndpoint, clientId: id, clientAuth: noClientAuth(), tokenTypes: ["N_A"] });
  return { grant: { identityProvider, assertion: () => idToken } };
}
