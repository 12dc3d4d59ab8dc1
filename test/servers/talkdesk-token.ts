import { jsonAnswer, type Answer } from "./answer.ts";
import type { IdTokenIssuer } from "./id-token.ts";
import { OAuthRefusal } from "./oauth-refusal.ts";
import { authenticate } from "./talkdesk-client-auth.ts";
import { required, scopesOf } from "./talkdesk-parameters.ts";
import type { Session, TalkdeskClient, TalkdeskSessions } from "./talkdesk-sessions.ts";
import type { TokenRequest } from "./token-request.ts";

export interface TokenService {
  /** The audience of signed assertions. */
  readonly tokenEndpoint: string;
  /** The `jti` of assertions that were taken. */
  readonly assertions: Set<string>;
  readonly clients: readonly TalkdeskClient[];
  readonly sessions: TalkdeskSessions;
  readonly idTokens: IdTokenIssuer;
  readonly accessTokenLifetime: number;
}

/** `POST /oauth/token`. Throws OAuthRefusal. */
export function grantTokens(service: TokenService, { headers, form }: TokenRequest): Answer {
  if (!headers["content-type"]?.startsWith("application/x-www-form-urlencoded")) {
    throw new OAuthRefusal(400, "invalid_request", "The body must be application/x-www-form-urlencoded.");
  }
  const client = authenticate(service, headers.authorization, form);
  switch (required(form, "grant_type")) {
    case "authorization_code":
      return exchangeCode(service, client, form);
    case "refresh_token":
      return refresh(service, client, form);
    case "client_credentials":
      return tokens(service, scopesOf(form, client.scopes), { access_token: service.sessions.newAccessToken() });
    default:
      throw new OAuthRefusal(400, "unsupported_grant_type", "The grant_type is not supported.");
  }
}

function exchangeCode(service: TokenService, client: TalkdeskClient, form: URLSearchParams): Answer {
  const code = required(form, "code");
  const redirectUri = required(form, "redirect_uri");
  const consent = service.sessions.consentOf(code, client);
  if (consent === undefined || redirectUri !== client.redirectUri) {
    throw new OAuthRefusal(400, "invalid_grant", "The code is unknown, was used, or belongs to another redirect_uri or client.");
  }
  const scopes = scopesOf(form, consent.scopes);
  const session = service.sessions.begin(code, consent);
  const idToken = consent.openid ? { id_token: idTokenOf(service, session) } : {};
  return tokens(service, scopes, { ...sessionTokens(service, session), ...idToken });
}

function refresh(service: TokenService, client: TalkdeskClient, form: URLSearchParams): Answer {
  const refreshToken = required(form, "refresh_token");
  const session = service.sessions.sessionOf(refreshToken, client);
  if (session === undefined) throw new OAuthRefusal(400, "invalid_grant", "The refresh token is unknown, was used or was revoked.");
  const scopes = scopesOf(form, session.scopes);
  service.sessions.useUp(refreshToken);
  return tokens(service, scopes, sessionTokens(service, session));
}

function sessionTokens({ sessions }: TokenService, session: Session): Record<string, string> {
  return { access_token: sessions.newAccessToken(session), refresh_token: sessions.newRefreshToken(session), sid: session.sid };
}

function tokens({ accessTokenLifetime }: TokenService, scopes: readonly string[], fields: Record<string, string>): Answer {
  return jsonAnswer(
    200,
    { token_type: "Bearer", expires_in: accessTokenLifetime, scope: scopes.join(" "), ...fields },
    { "cache-control": "no-store" },
  );
}

function idTokenOf({ idTokens }: TokenService, { client, nonce }: Session): string {
  return idTokens.issue({ subject: "user", audience: client.clientId, nonce, lifetime: 3600 });
}
