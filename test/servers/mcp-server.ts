import type { IncomingMessage, ServerResponse } from "node:http";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { startAuthorizationServer, type AuthorizationServer } from "./authorization-server.ts";
import { startLoopback, type Loopback } from "./loopback.ts";
import { readBody } from "./read-body.ts";

export interface McpTestServerOptions {
  /** Seconds that access tokens live. Default 600. */
  accessTokenLifetime?: number;
}

/**
 * An MCP server, the SDK's own over Streamable HTTP, and the authorization server (oidc-provider, strict rotation, clients that register by themselves) whose
 * tokens it takes. Its tools "read" and "write" want the scope of that name.
 */
export interface McpTestServer extends Loopback {
  /** Of the transport, and the resource identifier. */
  readonly url: string;
  readonly authorizationServer: AuthorizationServer;
  /** Answers since the start. `streams`: to requests for a stream of messages, of which it has none. */
  readonly answers: { ok: number; refused: number; insufficient: number; streams: number };
  /** Ends every access token that was used here, and nothing else. Gives how many. */
  revokeAccessTokens(): number;
}

const longestBody = 1024 * 1024;
const scopes = ["read", "write"];

export async function startMcpServer({ accessTokenLifetime = 600 }: McpTestServerOptions = {}): Promise<McpTestServer> {
  const answers = { ok: 0, refused: 0, insufficient: 0, streams: 0 };
  const used = new Set<string>();
  let authorizationServer: AuthorizationServer;

  const loopback = await startLoopback((origin) => async (request, response) => {
    const resource = `${origin}/mcp`;
    const metadata = `${origin}/.well-known/oauth-protected-resource/mcp`;
    if (request.url === "/.well-known/oauth-protected-resource/mcp") {
      const { issuer } = authorizationServer;
      return json(response, 200, {
        resource,
        authorization_servers: [issuer],
        scopes_supported: ["read"],
        bearer_methods_supported: ["header"],
      });
    }
    if (request.url !== "/mcp") return json(response, 404, {});
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    if (!authorizationServer.isActive(token) || authorizationServer.audienceOf(token) !== resource) {
      answers.refused += 1;
      const error = token === "" ? "" : 'error="invalid_token", ';
      return json(response, 401, { error: "invalid_token" }, `Bearer ${error}scope="read", resource_metadata="${metadata}"`);
    }
    used.add(token);
    if (request.method !== "POST") {
      answers.streams += 1;
      return json(response, 405, {});
    }
    const body = JSON.parse((await readBody(request, longestBody)).bytes.toString()) as { params?: { name?: string } };
    const need = body.params?.name === "write" ? "write" : "read";
    if (!authorizationServer.scopeOf(token)?.split(" ").includes(need)) {
      answers.insufficient += 1;
      const challenge = `Bearer error="insufficient_scope", scope="${need}", resource_metadata="${metadata}"`;
      return json(response, 403, { error: "insufficient_scope" }, challenge);
    }
    answers.ok += 1;
    await speak(request, response, body);
  });

  const url = `${loopback.origin}/mcp`;
  authorizationServer = await startAuthorizationServer({ accessTokenLifetime, resources: [url], registersClients: true, clients: [] });
  const close = async (): Promise<void> => {
    await loopback.close();
    await authorizationServer.close();
  };
  return {
    ...loopback,
    url,
    authorizationServer,
    answers,
    revokeAccessTokens() {
      const ended = [...used].filter((token) => authorizationServer.revokeAccessToken(token)).length;
      used.clear();
      return ended;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function json(response: ServerResponse, status: number, value: object, challenge?: string): void {
  response.writeHead(status, { "content-type": "application/json", ...(challenge === undefined ? {} : { "www-authenticate": challenge }) });
  response.end(JSON.stringify(value));
}

/** One request of the protocol, without a session. */
async function speak(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void> {
  const server = new Server({ name: "loopback", version: "1" }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: scopes.map((name) => ({ name, inputSchema: { type: "object" as const } })),
  }));
  server.setRequestHandler(CallToolRequestSchema, ({ params: { name } }) => ({
    content: [{ type: "text" as const, text: `${name} done` }],
  }));
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
  response.on("close", () => {
    transport.close();
    server.close();
  });
  await server.connect(transport as Parameters<typeof server.connect>[0]);
  await transport.handleRequest(request, response, body);
}
