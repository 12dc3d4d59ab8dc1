import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createTokenCache, LoginRequiredError, type TokenCache } from "@tokenflight/core";
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
  const id = sessionIdOf(request);
  const session = sessions.get(id);
  const [path] = (request.url ?? "/").split("?");
  try {
    if (path === "/login") {
      const { url, pending } = await beginLogin();
      replaceSession(id, { ...session, pending }, response);
      redirect(response, url);
    } else if (path === "/callback") {
      replaceSession(id, { tokens: await endLogin(session, request.url ?? "") }, response);
      redirect(response, "/");
    } else if (path === "/logout" && request.method === "POST") {
      // The session ends first: it does so even where the server cannot be reached.
      sessions.delete(id);
      await session?.tokens?.forget({ revoke: true }).catch((error: unknown) => console.error(error));
      response.end("Logged out.\n");
    } else if (session?.tokens === undefined) redirect(response, "/login");
    else {
      const send = bearer(session.tokens, { origins: API_ORIGIN })(fetch);
      const { status } = await send(`${API_ORIGIN}/orders`);
      if (status === 401) redirect(response, "/login");
      else response.end(`Your orders: the API answered ${status}.\n`);
    }
  } catch (error) {
    if (error instanceof LoginRequiredError) redirect(response, "/login");
    else if (error instanceof LoginError) response.writeHead(400).end("That did not work. Log in again.\n");
    else {
      console.error(error);
      response.writeHead(502).end("Later, please.\n");
    }
  }
});

async function beginLogin(): Promise<{ url: string; pending: PendingLogin }> {
  return client.authorizationUrl({
    redirectUri: `${origin()}/callback`,
    scope: "openid offline_access read",
    parameters: { prompt: "consent" },
  });
}

async function endLogin(session: Session | undefined, callback: string): Promise<TokenCache> {
  const pending = session?.pending;
  if (pending === undefined) throw new LoginError("callback", "No login has been begun.");
  delete session?.pending; // it serves once
  const tokens = createTokenCache({ source: client.refreshToken() });
  await tokens.save(await client.exchangeCallback(callback, pending));
  return tokens;
}

function sessionIdOf({ headers }: IncomingMessage): string {
  return /(?:^|; *)session=([\w-]+)/.exec(headers.cookie ?? "")?.[1] ?? "";
}

/** Each login has a new session, so that one that was planted before it is worth nothing. */
function replaceSession(previous: string, session: Session, response: ServerResponse): void {
  sessions.delete(previous);
  const id = randomUUID();
  sessions.set(id, session);
  response.setHeader("set-cookie", `session=${id}; HttpOnly; SameSite=Lax; Path=/`); // and Secure, where the page has https
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location }).end();
}

function origin(): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

server.listen(Number(PORT), "127.0.0.1", () => console.log(`Open ${origin()}/`));
