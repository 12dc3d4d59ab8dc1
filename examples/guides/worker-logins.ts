import { DurableObject, env } from "cloudflare:workers";
import { createTokenCache, type StoredEntry, type TokenStore } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { clientSecretBasic, createOAuthClient, type PendingLogin } from "@tokenflight/oauth";

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
    return url;
  }

  async end(callback: string): Promise<void> {
    const pending = await this.ctx.storage.get<PendingLogin>("pending");
    if (pending === undefined) throw new Error("No login has been begun.");
    await this.ctx.storage.delete("pending");
    await this.#tokens.save(await client.exchangeCallback(callback, pending));
  }

  /** The API's status, or undefined when nobody is logged in. */
  async orders(): Promise<number | undefined> {
    await this.#tokens.reread();
    if (this.#tokens.status().state === "logged-out") return undefined;
    const { status } = await bearer(this.#tokens, { origins: API_ORIGIN })(fetch)(`${API_ORIGIN}/orders`);
    return status;
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

export default {
  async fetch(request: Request): Promise<Response> {
    const { origin, pathname } = new URL(request.url);
    if (pathname === "/login") {
      // A new session for each login: nobody can plant one.
      const session = crypto.randomUUID();
      const cookie = `session=${session}; HttpOnly; Secure; SameSite=Lax; Path=/`;
      return redirect(await LOGINS.getByName(session).begin(`${origin}/callback`), { "set-cookie": cookie });
    }
    const [, session] = /(?:^|; *)session=([\w-]+)/.exec(request.headers.get("cookie") ?? "") ?? [];
    if (session === undefined) return redirect("/login");
    const login = LOGINS.getByName(session);
    if (pathname === "/callback") {
      await login.end(request.url);
      return redirect("/");
    }
    const status = await login.orders();
    return status === undefined ? redirect("/login") : new Response(`The API answered ${status}.\n`);
  },
};
