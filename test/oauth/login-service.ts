import { createOAuthClient, noClientAuth, type OAuthClient, type OAuthClientOptions, type PendingLogin } from "@tokenflight/oauth";
import { onTestFinished } from "vitest";
import { IdTokenIssuer } from "../servers/id-token.ts";
import { startLoopback } from "../servers/loopback.ts";

/** What the service does otherwise than an honest one. */
export interface Mischief {
  /** Fields of the metadata that are other ones. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** The id token; undefined: none. Gets an honest issuer and the honest claims. */
  readonly idToken?: (issuer: IdTokenIssuer, claims: Claims) => string | undefined;
  /** Seconds by which its clock is ahead of this machine's: that of its id tokens, which are not to be used before, and of the Date of its answers. */
  readonly ahead?: number;
  /** Whether its answers have no Date. */
  readonly hidesDate?: boolean;
  /** The key set. */
  readonly jwks?: (issuer: IdTokenIssuer) => unknown;
}

export interface Claims {
  readonly subject: string;
  readonly audience: string;
  readonly nonce: string | undefined;
  readonly lifetime: number;
  readonly ahead?: number;
}

export interface LoginService {
  readonly origin: string;
  readonly client: OAuthClient;
  /** A login and the callback of an honest server to it. */
  begin(): Promise<{ url: string; pending: PendingLogin; callback: URL }>;
  /** Codes that were sent to the token endpoint. */
  readonly spent: readonly string[];
}

/** A small authorization server for logins, which takes any code. It names itself in callbacks (RFC 9207). */
export async function startLoginService(mischief: Mischief = {}, options: Partial<OAuthClientOptions> = {}): Promise<LoginService> {
  const spent: string[] = [];
  let nonce: string | undefined;
  const loopback = await startLoopback((origin) => {
    const issuer = new IdTokenIssuer(origin);
    const metadata = {
      issuer: origin,
      token_endpoint: `${origin}/token`,
      authorization_endpoint: `${origin}/authorize`,
      jwks_uri: `${origin}/jwks`,
      authorization_response_iss_parameter_supported: true,
      id_token_signing_alg_values_supported: ["ES256"],
      ...mischief.metadata,
    };
    const tokens = (): object => {
      const { ahead } = mischief;
      const claims: Claims = { subject: "user", audience: "app", nonce, lifetime: 60, ...(ahead === undefined ? {} : { ahead }) };
      const idToken = mischief.idToken === undefined ? issuer.issue(claims) : mischief.idToken(issuer, claims);
      return { access_token: "access", refresh_token: "refresh", token_type: "Bearer", expires_in: 60, id_token: idToken };
    };
    return async (request, response) => {
      let body = "";
      for await (const chunk of request.setEncoding("utf8")) body += chunk;
      const { pathname } = new URL(request.url ?? "/", origin);
      const answers: Record<string, () => unknown> = {
        "/.well-known/oauth-authorization-server": () => metadata,
        "/jwks": () => (mischief.jwks ?? ((known) => known.jwks))(issuer),
        "/token": () => {
          spent.push(new URLSearchParams(body).get("code") ?? "");
          return tokens();
        },
      };
      const answer = answers[pathname]?.();
      if (mischief.hidesDate === true) response.sendDate = false;
      else response.setHeader("date", new Date(Date.now() + (mischief.ahead ?? 0) * 1000).toUTCString());
      response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" }).end(JSON.stringify(answer ?? {}));
    };
  });
  onTestFinished(() => loopback.close());
  const { origin } = loopback;
  const client = createOAuthClient({ issuer: origin, clientId: "app", clientAuth: noClientAuth(), timeout: 2, ...options });
  return {
    origin,
    client,
    spent,
    async begin() {
      const { url, pending } = await client.authorizationUrl({ redirectUri: "https://app.example/callback", scope: "openid read" });
      nonce = pending.nonce;
      const callback = new URL(pending.redirectUri);
      callback.search = new URLSearchParams({ code: "code-1", state: pending.state, iss: origin }).toString();
      return { url, pending, callback };
    },
  };
}
