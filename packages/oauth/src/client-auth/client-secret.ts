import { InvalidOptionError, readOptions, requireOneOf, requireText } from "@tokenflight/core";
import type { ClientAuth } from "../client-parts.ts";

/** The options of `clientSecretBasic`. */
export interface ClientSecretBasicOptions {
  /**
   * What happens to client id and secret before they are joined and written in Base64. RFC 6749 section 2.3.1 wants them form-encoded,
   * "rfc6749", the default. Many servers never decode that and want "raw", as their documentation's `base64("<id>:<secret>")` shows. Of
   * letters, digits and `-` `_` `.` `*` both make the same.
   */
  encoding?: "raw" | "rfc6749" | undefined;
}

/**
 * `client_secret_basic`: client id and secret in an Authorization header, non-ASCII characters as UTF-8.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * createOAuthClient({ issuer, clientId: "my-service", clientAuth: clientSecretBasic(process.env.CLIENT_SECRET ?? "") });
 * ```
 */
export function clientSecretBasic(secret: string, options: ClientSecretBasicOptions = {}): ClientAuth {
  requireText("clientSecretBasic.secret", secret);
  const { encoding = "rfc6749" } = readOptions("clientSecretBasic", options, ["encoding"]);
  requireOneOf("clientSecretBasic.encoding", encoding, ["raw", "rfc6749"]);

  return function clientSecretBasicAuth(_server, { client_id: id }, _body, headers) {
    // RFC 7617 section 2: the first colon ends the id.
    if (encoding === "raw" && id.includes(":")) {
      throw new InvalidOptionError("clientId", 'an id without a colon, which the encoding "raw" cannot carry', "one with a colon");
    }
    const encode = encoding === "raw" ? String : formEncode;
    headers.set("authorization", `Basic ${base64(`${encode(id)}:${encode(secret)}`)}`);
  };
}

/**
 * `client_secret_post`: client id and secret as fields of the request's body (RFC 6749 section 2.3.1).
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * createOAuthClient({ issuer, clientId: "my-service", clientAuth: clientSecretPost(process.env.CLIENT_SECRET ?? "") });
 * ```
 */
export function clientSecretPost(secret: string): ClientAuth {
  requireText("clientSecretPost.secret", secret);
  return function clientSecretPostAuth(_server, client, body) {
    body.set("client_id", client.client_id);
    body.set("client_secret", secret);
  };
}

/**
 * `none`: a public client names itself by its client id in the body (RFC 6749 section 3.2.1) and proves nothing.
 *
 * @example
 * ```ts
 * createOAuthClient({ issuer, clientId: "my-app", clientAuth: noClientAuth() });
 * ```
 */
export function noClientAuth(): ClientAuth {
  return function publicClient(_server, client, body) {
    body.set("client_id", client.client_id);
  };
}

/**
 * Encodes as RFC 6749 appendix B says. Unlike oauth4webapi's function, it leaves `-` `_` `.` `*` as they are, which is allowed, and makes no
 * difference to a server that does not decode.
 */
function formEncode(text: string): string {
  return new URLSearchParams([["", text]]).toString().slice("=".length);
}

function base64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));
}
