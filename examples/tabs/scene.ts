import type { IncomingMessage, ServerResponse } from "node:http";
import { startAuthorizationServer, type AuthorizationServer } from "../../test/servers/authorization-server.ts";
import { startLoopback, type Handler, type Loopback } from "../../test/servers/loopback.ts";
import { lateUse } from "../../test/servers/token-endpoint-faults.ts";
import { buildPage, type PageFile } from "./build-page.ts";

export interface SceneOptions {
  /** Lifetime of the access tokens, in seconds. Default 4. */
  readonly ttl?: number;
}

/** What the authorization server has counted, for the page. */
export interface Counts {
  readonly refreshes: number;
  /** How often a refresh token that was used up was sent once more. */
  readonly reuses: number;
}

/** The page, an API at its origin, and an authorization server with strict rotation at another one. */
export interface Scene extends Loopback {
  readonly server: AuthorizationServer;
}

/** Milliseconds that a token request takes at least: on one machine it takes no time that anybody could see. */
const answerTime = 250;
const clientId = "tabs";

export async function startScene({ ttl = 4 }: SceneOptions = {}): Promise<Scene> {
  // The page's origin has to be known to the authorization server, and that server to the page.
  let handler: Handler = (_, response) => void response.writeHead(503).end();
  const pages = await startLoopback(() => (request, response) => handler(request, response));
  const server = await startAuthorizationServer({
    accessTokenLifetime: ttl,
    pages: [pages.origin],
    clients: [
      {
        clientId,
        clientSecret: "unused",
        redirectUri: `${pages.origin}/`,
        metadata: { token_endpoint_auth_method: "none", client_secret: undefined },
      },
    ],
  });
  server.faults.always(lateUse(answerTime));
  const files = await buildPage({ VITE_ISSUER: server.issuer, VITE_CLIENT_ID: clientId });
  handler = (request, response) => answer(server, files, request, response);
  const close = async (): Promise<void> => void (await Promise.all([pages.close(), server.close()]));
  return { origin: pages.origin, server, close, [Symbol.asyncDispose]: close };
}

function answer(
  server: AuthorizationServer,
  files: ReadonlyMap<string, PageFile>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const [path = "/"] = (request.url ?? "/").split("?");
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
  const json = (status: number, value: unknown, fields = {}): void =>
    void response
      .writeHead(status, { "content-type": "application/json", "cache-control": "no-store", ...fields })
      .end(JSON.stringify(value));
  if (request.method === "POST" && path === "/scene/revoke-token") return json(200, server.revokeAccessToken(token));
  if (request.method === "POST" && path === "/scene/end-login") return json(200, server.revokeFamilyOf(token));
  if (path === "/scene/counts") return json(200, countsOf(server));
  if (path === "/api/orders") {
    const user = server.accountOf(token);
    return user === undefined ? json(401, {}, { "www-authenticate": 'Bearer error="invalid_token"' }) : json(200, { user });
  }
  const file = files.get(path === "/" ? "/index.html" : path);
  if (file === undefined) return void response.writeHead(404).end();
  response.writeHead(200, { "content-type": file.type, "cache-control": "no-store" }).end(file.content);
}

function countsOf({ stats }: AuthorizationServer): Counts {
  return { refreshes: stats.tokenRequests["refresh_token"] ?? 0, reuses: stats.refreshTokenReuses };
}
