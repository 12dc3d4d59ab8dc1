import { DurableObject, env } from "cloudflare:workers";
import { createTokenCache, LoginRequiredError, type StoredEntry, type TokenStore } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { clientSecretBasic, createOAuthClient, LoginError, type PendingLogin } from "@tokenflight/oauth";

const { ISSUER = "", CLIENT_ID = "", CLIENT_SECRET = "", API_ORIGIN = "" } = env as Record<string, string>;
const { LOGINS } = env as { LOGINS: { getByName(name: string): Login } };

const client = createOAuthClient({ issuer: ISSUER, clientId: CLIENT_ID, clientAuth: clientSecretBasic(CLIENT_SECRET) });

/** One object for each session, which all data centers reach: it holds the login, and renews it. */
export class Login extends DurableObject {
  readonly #tokens = createTokenCache({
    source: client.refreshToken(),
    store: objectStore(this.ctx.storage),
    key: "login",
    keepAlive: (work) => this.ctx.waitUntil(work),
  });

  async begin(redirectUri: string): Promise<string> {
    const { url, pending } = await client.authorizationUrl({
      redirectUri,
      scope: "openid offline_access read",
      parameters: { prompt: "consent" },
    });
    await this.ctx.storage.put("pending", pending);
    await this.ctx.storage.setAlarm(pending.expiresAt);
    return url;
  }

  /** A login that nobody has finished in time. */
  async alarm(): Promise<void> {
    await this.ctx.storage.delete("pending");
  }

  /** The login that was begun, once. */
  async takePending(): Promise<PendingLogin | undefined> {
    const pending = await this.ctx.storage.get<PendingLogin>("pending");
    await this.ctx.storage.delete("pending");
    return pending;
  }

  /** Whether the callback ends the login. */
  async end(callback: string, pending: PendingLogin): Promise<boolean> {
    try {
      await this.#tokens.save(await client.exchangeCallback(callback, pending));
      return true;
    } catch (error) {
      if (error instanceof LoginError) return false;
      throw error;
    }
  }

  /** The API's status, or undefined when somebody has to log in. */
  async orders(): Promise<number | undefined> {
    // An id that somebody made up leads to an object without a login, in which nothing is to be written.
    await this.#tokens.reread();
    if (this.#tokens.status().state === "logged-out") return undefined;
    try {
      const { status } = await bearer(this.#tokens, { origins: API_ORIGIN })(fetch)(`${API_ORIGIN}/orders`);
      return status === 401 ? undefined : status;
    } catch (error) {
      if (error instanceof LoginRequiredError) return undefined;
      throw error;
    }
  }

  async forget(revoke: boolean): Promise<void> {
    // Where the server cannot be reached, the tokens are forgotten here all the same.
    await this.#tokens.forget({ revoke }).catch((error: unknown) => console.error(error));
  }
}

/** An object's own storage as a token store. */
function objectStore(storage: DurableObjectStorage): TokenStore {
  return {
    read: (key) => storage.get<StoredEntry>(key),
    compareAndSet: (key, expected, value) =>
      storage.transaction(async (entries) => {
        if ((await entries.get<StoredEntry>(key))?.version !== expected) return undefined;
        const version = crypto.randomUUID();
        if (value === undefined) await entries.delete(key);
        else await entries.put(key, { version, value });
        return version;
      }),
  };
}

const redirect = (location: string, headers = {}): Response => new Response(null, { status: 302, headers: { location, ...headers } });
const cookie = (name: string, value: string): object => ({ "set-cookie": `${name}=${value}; HttpOnly; Secure; SameSite=Lax; Path=/` });

/** The object that one of the request's cookies names. */
function loginIn(request: Request, name: string): Login | undefined {
  const [, id] = new RegExp(`(?:^|; *)${name}=([\\w-]+)`).exec(request.headers.get("cookie") ?? "") ?? [];
  return id === undefined ? undefined : LOGINS.getByName(id);
}

export default {
  async fetch(request: Request): Promise<Response> {
    const { origin, pathname } = new URL(request.url);
    if (pathname === "/login") {
      const id = crypto.randomUUID();
      return redirect(await LOGINS.getByName(id).begin(`${origin}/callback`), cookie("login", id));
    }
    if (pathname === "/callback") {
      const pending = await loginIn(request, "login")?.takePending();
      // A new session at the end of each login, so that one that was planted before it is worth nothing.
      const session = crypto.randomUUID();
      const isLoggedIn = pending !== undefined && (await LOGINS.getByName(session).end(request.url, pending));
      if (!isLoggedIn) return new Response("That did not work. Log in again.\n", { status: 400 });
      await loginIn(request, "session")?.forget(false);
      return redirect("/", cookie("session", session));
    }
    const login = loginIn(request, "session");
    if (pathname === "/logout") {
      if (request.method !== "POST") return new Response(null, { status: 405 });
      await login?.forget(true);
      return new Response("Logged out.\n", { headers: { ...cookie("session", "") } });
    }
    const status = await login?.orders();
    return status === undefined ? redirect("/login") : new Response(`The API answered ${status}.\n`);
  },
};
