import { verify, type KeyObject } from "node:crypto";
import { OAuthRefusal } from "./oauth-refusal.ts";
import { optional } from "./talkdesk-parameters.ts";
import type { TalkdeskClient } from "./talkdesk-sessions.ts";

interface Audience {
  readonly clients: readonly TalkdeskClient[];
  readonly tokenEndpoint: string;
  readonly assertions: Set<string>;
}

/** Basic with the raw pair, or a signed assertion. Throws OAuthRefusal. */
export function authenticate(service: Audience, authorization: string | undefined, form: URLSearchParams): TalkdeskClient {
  const assertion = optional(form, "client_assertion");
  const client = assertion === undefined ? byBasic(service.clients, authorization) : byAssertion(service, assertion, form);
  if (client === undefined) throw new OAuthRefusal(401, "invalid_client", "Client authentication failed.");
  return client;
}

/** Compares the pair as it was sent: whoever form-encodes it first, as RFC 6749 section 2.3.1 asks for, is a stranger here. */
function byBasic(clients: readonly TalkdeskClient[], authorization = ""): TalkdeskClient | undefined {
  const [scheme = "", encoded = ""] = authorization.split(" ");
  const pair = Buffer.from(encoded, "base64").toString();
  if (scheme.toLowerCase() !== "basic") return undefined;
  return clients.find(({ clientId, clientSecret }) => pair === `${clientId}:${clientSecret}`);
}

/** As documented: `iss` and `sub` the client, `aud` the token URL, five minutes at most, each `jti` once. ES256, as in the example. */
function byAssertion(
  { clients, tokenEndpoint, assertions }: Audience,
  assertion: string,
  form: URLSearchParams,
): TalkdeskClient | undefined {
  if (form.get("client_assertion_type") !== "urn:ietf:params:oauth:client-assertion-type:jwt-bearer") return undefined;
  const [head = "", body = "", signature = ""] = assertion.split(".");
  const header = read(head);
  const claims = read(body);
  const client = clients.find(({ clientId, keyId }) => clientId === claims["iss"] && keyId !== undefined && keyId === header["kid"]);
  if (client?.publicKey === undefined || header["alg"] !== "ES256") return undefined;
  if (!isSigned(`${head}.${body}`, signature, client.publicKey)) return undefined;
  const now = Date.now() / 1000;
  const { iat, exp, jti, aud, sub } = claims;
  const isFresh = typeof iat === "number" && typeof exp === "number" && iat <= now + 5 && exp > now && exp - iat <= 300;
  if (!isFresh || aud !== tokenEndpoint || sub !== client.clientId || typeof jti !== "string" || assertions.has(jti)) return undefined;
  assertions.add(jti);
  return client;
}

function isSigned(signed: string, signature: string, key: KeyObject): boolean {
  return verify("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "base64url"));
}

function read(part: string): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString()) as Record<string, unknown>;
  } catch {
    return {};
  }
}
