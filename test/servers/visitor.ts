import type { AuthorizationServer } from "./authorization-server.ts";
import { CookieJar } from "./cookie-jar.ts";

/** A user's browser at a web application: keeps its cookies, and follows no redirect by itself. */
export class Visitor {
  readonly #cookies = new CookieJar();
  readonly #origin: string;

  constructor(origin: string) {
    this.#origin = origin;
  }

  /** Connections that are kept would keep a server that stops waiting. */
  get headers(): Record<string, string> {
    return { cookie: this.#cookies.header, connection: "close" };
  }

  async send(path: string, method = "GET"): Promise<Response> {
    const response = await fetch(new URL(path, this.#origin), { method, redirect: "manual", headers: this.headers });
    this.#cookies.take(response);
    return response;
  }

  async text(path: string, method?: string): Promise<string> {
    return (await this.send(path, method)).text();
  }

  /** Where the application leads from there. */
  async next(path: string): Promise<string> {
    return (await this.send(path)).headers.get("location") ?? "";
  }

  /** Logs in at `/login`, and gives where the application leads afterwards. */
  async logIn(server: AuthorizationServer): Promise<string> {
    return this.next(await server.visit(await this.next("/login")));
  }
}

/**
 * Session fixation: somebody begins a login, plants the cookie in the browser of a user, and has the user finish the login. Gives what the application then
 * answers at `path` to whoever planted the cookie.
 */
export async function visitWithPlantedCookie(server: AuthorizationServer, origin: string, path: string): Promise<Response> {
  const planter = new Visitor(origin);
  const page = await planter.next("/login");
  const { headers } = planter;
  const finished = await fetch(await server.visit(page), { redirect: "manual", headers });
  if (finished.status !== 302) throw new Error(`The login ended with ${finished.status}.`);
  return fetch(new URL(path, origin), { redirect: "manual", headers });
}
