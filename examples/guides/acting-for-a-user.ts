import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createTokenCache, type TokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { clientSecretBasic, createOAuthClient, LoginError, type PendingLogin } from "@tokenflight/oauth";

const { ISSUER = "", CLIENT_ID = "", CLIENT_SECRET = "", API_ORIGIN = "", PORT = "0" } = process.env;

interface Session {
  pending?: PendingLogin;
  tokens?: TokenCache;
}

const client = createOAuthClient({ issuer: ISSUER, clientId: CLIENT_ID, clientAuth: clientSecretBasic(CLIENT_SECRET) });
const sessions = new Map<string, Session>();

const server = createServer(async (request, response) => {
  const session = sessionOf(request, response);
  try {
    const [path] = (request.url ?? "/").split("?");
    if (path === "/login") redirect(response, await beginLogin(session));
    else if (path === "/callback") {
      await endLogin(session, request.url ?? "");
      redirect(response, "/");
    } else if (path === "/logout" && request.method === "POST") {
      await session.tokens?.forget({ revoke: true });
      delete session.tokens;
      response.end("Logged out.\n");
    } else if (session.tokens === undefined) redirect(response, "/login");
    else {
      const send = bearer(session.tokens, { origins: API_ORIGIN })(fetch);
      const answer = await send(`${API_ORIGIN}/orders`);
      response.end(`Your orders: the API answered ${answer.status}.\n`);
    }
  } catch (error) {
    if (!(error instanceof LoginError)) console.error(error);
    response.writeHead(error instanceof LoginError ? 400 : 502).end("That did not work. Log in again.\n");
  }
});

/** A browser without a session that is known here gets a new one: nobody can plant one. */
function sessionOf(request: IncomingMessage, response: ServerResponse): Session {
  const known = sessions.get(/session=([\w-]+)/.exec(request.headers.cookie ?? "")?.[1] ?? "");
  if (known !== undefined) return known;
  const id = randomUUID();
  const session: Session = {};
  sessions.set(id, session);
  response.setHeader("set-cookie", `session=${id}; HttpOnly; SameSite=Lax; Path=/`);
  return session;
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location }).end();
}

async function beginLogin(session: Session): Promise<string> {
  const { url, pending } = await client.authorizationUrl({
    redirectUri: `${origin()}/callback`,
    scope: "openid read",
    parameters: { prompt: "consent" },
  });
  session.pending = pending;
  return url;
}

async function endLogin(session: Session, callback: string): Promise<void> {
  const { pending } = session;
  if (pending === undefined) throw new LoginError("callback", "No login has been begun.");
  const tokens = createTokenCache({ source: client.refreshToken() });
  await tokens.save(await client.exchangeCallback(callback, pending));
  delete session.pending;
  session.tokens = tokens;
}

function origin(): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

server.listen(Number(PORT), "127.0.0.1", () => console.log(`Open ${origin()}/`));
