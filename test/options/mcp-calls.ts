import { memoryStore, type TokenSet } from "@tokenflight/core";
import { createMcpLogin, type McpLoginOptions, type McpServer } from "@tokenflight/mcp";
import { createMcpLogin as createMcpLoginInNode } from "@tokenflight/mcp/node";
import { createOAuthClient, noClientAuth } from "@tokenflight/oauth";
import type { Calls } from "./call-parts.ts";

const [mcp, as] = ["https://mcp.example.com", "https://login.example.com"];
const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers });

/** An MCP server and its authorization server, by URL. Tells which fields they were sent. */
function world(sent: string[]): NonNullable<McpLoginOptions["fetch"]> {
  let tokens = 0;
  return async (url, init) => {
    const asked: string = url.toString();
    const headers = new Headers(init?.headers);
    sent.push(`${asked} ${[...headers.keys()].join()} ${(init?.body as string | undefined)?.replaceAll(/=[^&]*/g, "") ?? ""}`);
    if (asked === `${mcp}/mcp`) {
      const refusal = { "www-authenticate": `Bearer scope="a", resource_metadata="${mcp}/rs"` };
      return headers.has("authorization") ? json({ ok: true }) : json({}, 401, refusal);
    }
    if (asked === `${mcp}/rs`) return json({ resource: `${mcp}/mcp`, authorization_servers: [as] });
    if (asked.startsWith(`${as}/.well-known/`)) {
      const endpoints = {
        authorization_endpoint: `${as}/authorize`,
        token_endpoint: `${as}/token`,
        registration_endpoint: `${as}/register`,
      };
      return json({ issuer: as, code_challenge_methods_supported: ["S256"], ...endpoints });
    }
    if (asked === `${as}/register`) return json({ client_id: "registered" }, 201);
    return json({ access_token: `T${(tokens += 1)}`, expires_in: 600, refresh_token: "r" });
  };
}

/** A user who agrees at once. */
const authorize: NonNullable<McpLoginOptions["authorize"]> = async ({ begin, finish }) => {
  const { pending } = await begin("http://127.0.0.1:1/callback");
  return finish(`/?code=c&state=${pending.state}`, pending);
};

const options = (sent: string[]): McpLoginOptions => ({
  store: memoryStore(),
  client: { name: "a program" },
  fetch: world(sent),
  authorize,
});

async function called(server: McpServer, sent: string[]): Promise<unknown> {
  const response = await server.fetch(server.url);
  return [response.status, await response.json(), sent];
}

export const mcpCalls: Calls = {
  "mcp: a request that logs a user in": async () => {
    const sent: string[] = [];
    return called(createMcpLogin(options(sent)).for(`${mcp}/mcp`), sent);
  },
  "mcp: a login that the program wants, its status and its end": async () => {
    const sent: string[] = [];
    const login = createMcpLogin(options(sent));
    const server = login.for(`${mcp}/mcp`, {});
    const { scope } = await server.logIn();
    const [status] = await login.status();
    await server.tokens.renew(server.tokens.peek() as TokenSet);
    await server.tokens.forget({ revoke: false });
    return [scope, status?.state, status?.issuer, sent];
  },
  "mcp: the seams for transports": async () => {
    const sent: string[] = [];
    const server = createMcpLogin(options(sent)).for(`${mcp}/mcp`);
    const { authProvider, ...transport } = server.transport({ sdk: 2 });
    const provider = server.provider();
    await server.logIn();
    return [
      Object.keys(server.transport()),
      Object.keys(transport),
      await authProvider.token(),
      (await server.authProvider().token())?.length,
      Object.keys((await provider.tokens()) ?? {}),
      await provider.clientInformation(),
    ];
  },
  "mcp: nobody is asked": async () => {
    const sent: string[] = [];
    const { authorize: _, ...rest } = options(sent);
    const server = createMcpLogin(rest).for(`${mcp}/mcp`);
    const code = await server.fetch(server.url).catch((error: { code: string }) => error.code);
    return [code, sent];
  },
  "mcp: client credentials": async () => {
    const sent: string[] = [];
    const login = createMcpLogin({ ...options(sent), grant: "client-credentials" });
    return called(login.for(`${mcp}/mcp`, { client: { clientId: "by-hand" } }), sent);
  },
  "mcp: enterprise-managed authorization": async () => {
    const sent: string[] = [];
    const fetch = world(sent);
    const identityProvider = createOAuthClient({ tokenEndpoint: `${as}/token`, clientId: "idp", clientAuth: noClientAuth(), fetch });
    const login = createMcpLogin({ ...options(sent), fetch, grant: { identityProvider, assertion: () => "an id token" } });
    return called(login.for(`${mcp}/mcp`, { client: { clientId: "by-hand" } }), sent);
  },
  "mcp: in Node": async () => {
    const { store, client } = options([]);
    const server = createMcpLoginInNode({ store, client, interactive: false }).for(`${mcp}/mcp`);
    return (await server.status()).state;
  },
};
