import { isLoopback, parseUrl, TokenRequestError } from "@tokenflight/core";
import {
  clientSecretBasic,
  clientSecretPost,
  noClientAuth,
  requestJson,
  type AuthorizationServer,
  type ClientAuth,
} from "@tokenflight/oauth";
import { listOf } from "../discovery/authorization-server.ts";
import type { Asking } from "../discovery/resource-metadata.ts";
import { McpServerError } from "../errors.ts";

const methods = ["none", "client_secret_basic", "client_secret_post"] as const;

export type AuthMethod = (typeof methods)[number];

/** A client as an authorization server has registered it. */
export interface Registration {
  readonly clientId: string;
  readonly secret: string | undefined;
  readonly method: AuthMethod;
  /** The redirect URI that it was registered with. */
  readonly redirectUri: string;
  /** When the secret ends, in milliseconds since the UNIX epoch; undefined for never. */
  readonly expiresAt: number | undefined;
}

export interface RegistrationWish {
  readonly name: string;
  readonly redirectUri: string;
  /** Further metadata of the client (RFC 7591 section 2), which is the program's own. */
  readonly further: Readonly<Record<string, unknown>>;
}

/** Characters. */
const longest = 4096;
/** `VSCHAR` of RFC 6749 appendix A, of which client ids and secrets are. */
const visible = /^[\x20-\x7e]+$/;

/** Registers a client (RFC 7591). Rejects with McpServerError, "registration", and with TokenRequestError when the server cannot be asked. */
export async function register(
  metadata: AuthorizationServer,
  wish: RegistrationWish,
  { fetch, timeout, signal }: Asking,
): Promise<Registration> {
  const { issuer, registration_endpoint: endpoint } = metadata;
  const { host } = new URL(issuer);
  const body = requestOf(metadata, wish);
  const answer = await requestJson({ fetch, url: endpoint as string, title: "registration", body, timeout, signal });
  const { status, fields, problem, error, errorDescription } = answer;
  const failed = (what: string): McpServerError =>
    new McpServerError("registration", `The authorization server ${host} did not register the client: ${what}.`, {
      error,
      errorDescription,
    });
  if (status !== 200 && status !== 201) {
    const said = [error, errorDescription].filter((part) => part !== undefined).join(": ");
    throw failed(said === "" ? `it answered ${problem === undefined ? status : `${status}, and that ${problem}`}` : said);
  }
  if (fields === undefined) throw failed(`its answer ${problem ?? "is no JSON object"}`);
  const { client_id: clientId, client_secret: secret, client_secret_expires_at: end, redirect_uris: redirectUris } = fields;
  if (!isText(clientId)) throw failed("its answer has no client_id that can be used");
  if (secret !== undefined && secret !== null && !isText(secret)) throw failed("its answer has a client_secret that cannot be used");
  if (Array.isArray(redirectUris) && !redirectUris.includes(wish.redirectUri)) throw failed("it has registered other redirect URIs");
  const known = isText(secret) ? secret : undefined;
  const method = methodOf(fields["token_endpoint_auth_method"], known, metadata);
  if (method === undefined) throw failed("it wants a client authentication that this client does not have");
  const expiresAt = known !== undefined && typeof end === "number" && end > 0 ? end * 1000 : undefined;
  return { clientId, secret: method === "none" ? undefined : known, method, redirectUri: wish.redirectUri, expiresAt };
}

function requestOf(metadata: AuthorizationServer, { name, redirectUri, further }: RegistrationWish): object {
  const grants = listOf(metadata, "grant_types_supported");
  const supported = listOf(metadata, "token_endpoint_auth_methods_supported");
  return {
    ...further,
    client_name: name,
    redirect_uris: [redirectUri],
    // A server of OpenID Connect takes a client that does not say so for one of the web, and refuses its loopback addresses.
    application_type: isNative(redirectUri) ? "native" : "web",
    grant_types: ["authorization_code", ...(grants === undefined || grants.includes("refresh_token") ? ["refresh_token"] : [])],
    response_types: ["code"],
    token_endpoint_auth_method: methods.find((method) => supported === undefined || supported.includes(method)) ?? "none",
  };
}

/** OpenID Connect Dynamic Client Registration section 2: on this machine, or with a scheme of its own. */
function isNative(redirectUri: string): boolean {
  const url = parseUrl(redirectUri);
  return url === null || !/^https?:$/.test(url.protocol) || isLoopback(url.hostname);
}

/** What the server says, where it does; else what a secret is for, as RFC 7591 section 2 has it, unless the server takes that nowhere. */
function methodOf(said: unknown, secret: string | undefined, metadata: AuthorizationServer): AuthMethod | undefined {
  if (said !== undefined && said !== null) {
    const named = methods.find((method) => method === said);
    return named === "none" || secret !== undefined ? named : undefined;
  }
  if (secret === undefined) return "none";
  const supported = listOf(metadata, "token_endpoint_auth_methods_supported");
  return methods.slice(1).find((method) => supported === undefined || supported.includes(method)) ?? "none";
}

function isText(given: unknown): given is string {
  return typeof given === "string" && given.length <= longest && visible.test(given);
}

/** How a registered client authenticates. */
export function authOf({ secret, method }: Pick<Registration, "secret" | "method">): ClientAuth {
  if (secret === undefined || method === "none") return noClientAuth();
  return method === "client_secret_post" ? clientSecretPost(secret) : clientSecretBasic(secret);
}

/** Whether an error says that the server does not know the client (any more). */
export function isUnknownClient(error: unknown): boolean {
  return error instanceof TokenRequestError && error.outcome === "refused" && error.error === "invalid_client";
}
