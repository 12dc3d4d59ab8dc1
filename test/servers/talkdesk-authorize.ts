import type { Answer } from "./answer.ts";
import { OAuthRefusal } from "./oauth-refusal.ts";
import { optional, required, scopesOf } from "./talkdesk-parameters.ts";
import type { TalkdeskClient, TalkdeskSessions } from "./talkdesk-sessions.ts";

/** `GET /oauth/authorize`, with a user who is logged in and agrees to everything. Throws OAuthRefusal. */
export function authorize(query: URLSearchParams, clients: readonly TalkdeskClient[], sessions: TalkdeskSessions): Answer {
  const clientId = required(query, "client_id");
  const client = clients.find((known) => known.clientId === clientId);
  if (client === undefined) throw new OAuthRefusal(401, "invalid_client", "The client is not known.");
  const redirectUri = required(query, "redirect_uri");
  if (redirectUri !== client.redirectUri) throw new OAuthRefusal(400, "invalid_request", "The redirect_uri is not registered.");
  if (required(query, "response_type") !== "code")
    throw new OAuthRefusal(400, "unsupported_response_type", "The response_type must be code.");

  const scopes = scopesOf(query, client.scopes);
  const openid = optional(query, "scope") !== undefined && scopes.includes("openid");
  const location = new URL(redirectUri);
  location.searchParams.set("code", sessions.newCode({ client, scopes, openid, nonce: optional(query, "nonce") }));
  const state = optional(query, "state");
  if (state !== undefined) location.searchParams.set("state", state);
  return { status: 302, headers: { location: location.href } };
}
