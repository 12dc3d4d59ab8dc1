import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { memoryStore, type TokenStore } from "@tokenflight/core";
import type { McpEvent, McpLogin, McpServer, McpServerOptions } from "@tokenflight/mcp";
import { createMcpLogin, type NodeMcpLoginOptions } from "@tokenflight/mcp/node";
import { onTestFinished } from "vitest";

/** Where everybody is: an MCP server, its authorization server, and somebody who should hear of nothing. */
export interface Origins {
  readonly mcp: string;
  readonly as: string;
  readonly evil: string;
}

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** An answer: an object is JSON with status 200, a text is sent as it is, and a function writes what it likes. */
export type Answer = object | string | undefined | Reply | ((response: ServerResponse) => void);

/** An answer with a status of its own. */
export class Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Record<string, string>;
  constructor(status: number, body: unknown = "", headers: Record<string, string> = {}) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** What each of them says. Whatever is left out is as it should be. */
export interface Script {
  /** The WWW-Authenticate of a request without a good token. */
  challenge?: (at: Origins) => string | undefined;
  /** The MCP server's own answer to a request with this token; undefined for 200. */
  answer?: (token: string, at: Origins, request: Received) => Answer;
  /** By path: the MCP server's metadata. */
  resource?: Record<string, (at: Origins) => Answer>;
  /** By path: the authorization server's metadata. */
  metadata?: Record<string, (at: Origins) => Answer>;
  register?: (body: Record<string, unknown>, at: Origins) => Answer;
  /** What the browser is sent back with. */
  callback?: (sent: URLSearchParams, at: Origins) => Record<string, string> | undefined;
  token?: (form: URLSearchParams, at: Origins) => Answer;
}

export interface World {
  readonly at: Origins;
  readonly url: string;
  readonly received: Readonly<Record<keyof Origins, Received[]>>;
  /** The pages that users were sent to. */
  readonly windows: URL[];
  readonly events: McpEvent[];
  readonly store: TokenStore;
  /** As another process with the same store. */
  login(options?: Partial<NodeMcpLoginOptions>): McpLogin;
  server(options?: Partial<NodeMcpLoginOptions>, wishes?: McpServerOptions): McpServer;
}

export const resourcePath = "/.well-known/oauth-protected-resource/mcp";
export const metadataPath = "/.well-known/oauth-authorization-server";

export const resourceOf = (at: Origins): Record<string, unknown> => ({ resource: `${at.mcp}/mcp`, authorization_servers: [at.as] });

export const metadataOf = (at: Origins): Record<string, unknown> => ({
  issuer: at.as,
  authorization_endpoint: `${at.as}/authorize`,
  token_endpoint: `${at.as}/token`,
  registration_endpoint: `${at.as}/register`,
  revocation_endpoint: `${at.as}/revoke`,
  code_challenge_methods_supported: ["S256"],
});

export async function startWorld(script: Script = {}): Promise<World> {
  const received: World["received"] = { mcp: [], as: [], evil: [] };
  let at: Origins = { mcp: "", as: "", evil: "" };
  const handlers: Record<keyof Origins, (request: Received) => Answer> = {
    mcp: (request) => mcpAnswer(script, at, request),
    as: (request) => asAnswer(script, at, request),
    evil: () => ({}),
  };
  const origins = await Promise.all(
    (["mcp", "as", "evil"] as const).map(async (name) => [name, await listen(received[name], handlers[name])] as const),
  );
  at = Object.fromEntries(origins) as unknown as Origins;
  const windows: URL[] = [];
  const events: McpEvent[] = [];
  const store = memoryStore();
  const login = (options: Partial<NodeMcpLoginOptions> = {}): McpLogin => {
    const made = createMcpLogin({
      store,
      client: { name: "a test" },
      onLogin: async ({ url }) => {
        windows.push(new URL(url));
        const back = backFrom(script, at, new URL(url));
        if (back !== undefined) await (await fetch(back)).text();
      },
      observe: (event) => void events.push(event as McpEvent),
      timeout: 2,
      loginTimeout: 5,
      ...options,
    });
    onTestFinished(() => made.close());
    return made;
  };
  const url = `${at.mcp}/mcp`;
  return { at, url, received, windows, events, store, login, server: (options, wishes) => login(options).for(url, wishes) };
}

/** One call of a tool. */
export function call(server: McpServer, init: RequestInit = {}): Promise<Response> {
  return server.fetch(server.url, { method: "POST", body: '{"jsonrpc":"2.0"}', headers: { "content-type": "application/json" }, ...init });
}

async function listen(received: Received[], handle: (request: Received) => Answer): Promise<string> {
  const server = createServer(async (request: IncomingMessage, response) => {
    response.on("error", () => {});
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const one = { method: request.method ?? "", path: request.url ?? "", authorization: request.headers.authorization, body };
    received.push(one);
    send(response, handle(one));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function send(response: ServerResponse, answer: Answer): void {
  if (typeof answer === "function") return answer(response);
  const reply = answer instanceof Reply ? answer : new Reply(answer === undefined ? 404 : 200, answer ?? "");
  const isText = typeof reply.body === "string";
  response.writeHead(reply.status, { ...(isText ? {} : { "content-type": "application/json" }), ...reply.headers });
  response.end(isText ? reply.body : JSON.stringify(reply.body));
}

function mcpAnswer(script: Script, at: Origins, request: Received): Answer {
  const [path = ""] = request.path.split("?");
  if (path !== "/mcp") return (script.resource ?? { [resourcePath]: resourceOf })[path]?.(at);
  const token = /^Bearer (.+)$/.exec(request.authorization ?? "")?.[1];
  if (token === undefined) {
    const challenge = script.challenge === undefined ? `Bearer resource_metadata="${at.mcp}${resourcePath}"` : script.challenge(at);
    return new Reply(401, {}, challenge === undefined ? {} : { "www-authenticate": challenge });
  }
  return script.answer?.(token, at, request) ?? { ok: true };
}

let tokens = 0;

function asAnswer(script: Script, at: Origins, { path, body }: Received): Answer {
  if (path === "/register")
    return script.register?.(JSON.parse(body) as Record<string, unknown>, at) ?? new Reply(201, { client_id: "registered" });
  if (path === "/revoke") return {};
  if (path === "/token") {
    tokens += 1;
    const fresh = { access_token: `access-${tokens}`, token_type: "Bearer", expires_in: 600, refresh_token: `refresh-${tokens}` };
    return script.token?.(new URLSearchParams(body), at) ?? fresh;
  }
  return (script.metadata ?? { [metadataPath]: metadataOf })[path]?.(at);
}

/** Where the authorization server sends the browser. */
function backFrom(script: Script, at: Origins, page: URL): URL | undefined {
  const back = new URL(page.searchParams.get("redirect_uri") ?? "");
  const given = script.callback === undefined ? {} : script.callback(page.searchParams, at);
  if (given === undefined) return undefined;
  const parameters = { code: "a-code", state: page.searchParams.get("state") ?? "", ...given };
  for (const [name, value] of Object.entries(parameters)) if (value !== "") back.searchParams.set(name, value);
  return back;
}
