import { createHash, randomBytes } from "node:crypto";
import { CookieJar } from "./cookie-jar.ts";

/** What a login leaves behind for the exchange of its code. */
export interface Login {
  readonly code: string;
  readonly codeVerifier: string;
  readonly redirectUri: string;
}

export interface LoginRequest {
  readonly authorizationEndpoint: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scope: string;
  readonly resources?: readonly string[];
}

/**
 * Does what a browser does in an authorization-code login with PKCE: follows redirects and carries cookies, until it is sent to the
 * redirect URI, which it does not open. Each login has a browser of its own. Rejects when the server sends an error there.
 */
export async function logIn({ authorizationEndpoint, clientId, redirectUri, scope, resources = [] }: LoginRequest): Promise<Login> {
  const codeVerifier = randomBytes(32).toString("base64url");
  const state = randomBytes(8).toString("base64url");
  const url = new URL(authorizationEndpoint);
  url.search = new URLSearchParams({
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    scope,
    state,
    code_challenge: createHash("sha256").update(codeVerifier).digest("base64url"),
    code_challenge_method: "S256",
    // OpenID Connect Core section 11: offline access is given only when the user is asked.
    prompt: "consent",
  }).toString();
  for (const resource of resources) url.searchParams.append("resource", resource);

  return { code: codeOf(await follow(url, redirectUri), state), codeVerifier, redirectUri };
}

/** Follows redirects and carries cookies until the browser is sent to the redirect URI. Rejects when it never is. */
export async function follow(start: URL, redirectUri: string): Promise<URL> {
  const cookies = new CookieJar();
  let url = start;
  for (let steps = 0; steps < 10; steps += 1) {
    const response = await fetch(url, { redirect: "manual", headers: { cookie: cookies.header } });
    const text = await response.text();
    cookies.take(response);
    const location = response.headers.get("location");
    if (location === null) throw new Error(`The login ended at ${url.pathname} with status ${response.status}: ${text}`);
    url = new URL(location, url);
    if (url.origin + url.pathname === redirectUri) return url;
  }
  throw new Error("The login went on for more than ten redirects.");
}

function codeOf(url: URL, state: string): string {
  const code = url.searchParams.get("code");
  if (code === null)
    throw new Error(`The login was refused: ${url.searchParams.get("error")}, ${url.searchParams.get("error_description")}`);
  if (url.searchParams.get("state") !== state) throw new Error("The login came back with another state.");
  return code;
}
