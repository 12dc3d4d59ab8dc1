import type { TokenSet } from "@tokenflight/core";
import {
  allowInsecureRequests,
  customFetch,
  KEY_SELECTION,
  validateApplicationLevelSignature,
  type ValidateSignatureOptions,
} from "oauth4webapi";
import type { ClientParts, ServerMetadata } from "../client-parts.ts";
import { readClaims, readFields } from "../endpoint/answer-fields.ts";
import { fetchUntil, readAnswer } from "../endpoint/answer.ts";
import { ownField, ownFields } from "../own-fields.ts";
import { endpointOf } from "../server/authorization-server.ts";

/** Every algorithm with a public key. `none` is not among them, nor is HMAC, whose key everybody has who knows the client's secret. */
const algorithms = ["ES256", "RS256", "PS256", "EdDSA", "Ed25519", "ES384", "ES512", "RS384", "RS512", "PS384", "PS512"];

/** The server's keys could not be fetched: nobody knows whether a signature is right. */
export class KeysAwayError extends Error {}

/** One object for one server and issuer, by which oauth4webapi keeps the server's keys, for five minutes. */
const issuers = new WeakMap<ServerMetadata, ServerMetadata>();

/** The server as its id tokens are checked against it. Where no option names the issuer, an id token's own word is believed: it came from the token endpoint itself. */
export function issuerOf({ knownIssuer }: ClientParts, server: ServerMetadata, idToken: TokenSet["idToken"]): ServerMetadata {
  const name = knownIssuer !== undefined ? server.issuer : issuerIn(idToken);
  const known = issuers.get(server);
  if (known?.issuer === name) return known;
  const named = server.id_token_signing_alg_values_supported ?? algorithms;
  const issuer: ServerMetadata = {
    ...server,
    issuer: name,
    id_token_signing_alg_values_supported: named.filter((one) => algorithms.includes(one)),
  };
  issuers.set(server, issuer);
  return issuer;
}

function issuerIn(idToken: unknown): string {
  const iss = readClaims(idToken)?.["iss"];
  return typeof iss === "string" && iss !== "" ? iss : "-";
}

/** Checks the signature of the id token that oauth4webapi has read in `answer`. Rejects with its errors, and with KeysAwayError. */
export async function checkSignature(
  client: ClientParts,
  answer: Response,
  issuer: ServerMetadata,
  { server, signal }: { readonly server: ServerMetadata; readonly signal: AbortSignal },
): Promise<void> {
  let hasKeys = true;
  const fetchKeys = async (address: string, init: RequestInit): Promise<Response> => {
    hasKeys = false;
    const response = await fetchUntil(client.fetch, address, init, signal);
    const { status, text } = await readAnswer(response, signal);
    hasKeys = status === 200 && Array.isArray(ownField(readFields(text), "keys"));
    // The body is read within its bounds, and as JSON whatever its content type is.
    return new Response(text ?? "", {
      status: status >= 200 && status < 600 ? status : 502,
      headers: { "content-type": "application/json" },
    });
  };
  const validate = (known: ServerMetadata, isInsecure: boolean): Promise<void> => {
    const options = ownFields<ValidateSignatureOptions>({
      [allowInsecureRequests]: isInsecure,
      [customFetch]: (address, { method, headers, redirect }) => fetchKeys(address, { method, headers, redirect }),
    });
    return validateApplicationLevelSignature(known, answer, options);
  };
  const { protocol } = keysAt(issuer, client);
  const isInsecure = protocol === "http:";
  try {
    await validate(issuer, isInsecure).catch((error: unknown) => {
      if (ownField(error, "code") !== KEY_SELECTION) throw error;
      // The key is not among those that are kept: the server may have a new one since. With another object, the keys are fetched again.
      const renewed = { ...issuer };
      issuers.set(server, renewed);
      return validate(renewed, isInsecure);
    });
  } catch (error) {
    throw hasKeys ? error : new KeysAwayError("The server's keys could not be fetched.", { cause: error });
  }
}

function keysAt(issuer: ServerMetadata, { endpoints }: ClientParts): URL {
  try {
    return endpointOf(issuer, "jwks_uri", endpoints);
  } catch (error) {
    throw new KeysAwayError("The server's keys are at no URL that may be used.", { cause: error });
  }
}
