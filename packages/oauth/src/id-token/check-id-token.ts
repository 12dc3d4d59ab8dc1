import type { TokenResponse } from "@tokenflight/core";
import {
  allowInsecureRequests,
  customFetch,
  expectNoNonce,
  KEY_SELECTION,
  processAuthorizationCodeResponse,
  validateApplicationLevelSignature,
  type ProcessAuthorizationCodeResponseOptions,
  type ValidateSignatureOptions,
} from "oauth4webapi";
import type { ClientParts, ServerMetadata } from "../client-parts.ts";
import { readClaims } from "../endpoint/answer-fields.ts";
import { fetchUntil, readAnswer } from "../endpoint/answer.ts";
import { readFailure } from "../endpoint/failure.ts";
import { ownFields } from "../own-fields.ts";
import { LoginError } from "../errors.ts";
import { endpointOf } from "../server/authorization-server.ts";

export interface IdTokenRules {
  readonly server: ServerMetadata;
  readonly clientId: string;
  /** Undefined when the request had none. */
  readonly nonce: string | undefined;
  /** Whether there has to be an id token, because the scope `openid` was asked for. */
  readonly required: boolean;
  readonly signal: AbortSignal;
}

/** Every algorithm with a public key. `none` is not among them, nor is HMAC, whose key everybody has who knows the client's secret. */
const algorithms = ["ES256", "RS256", "PS256", "EdDSA", "Ed25519", "ES384", "ES512", "RS384", "RS512", "PS384", "PS512"];

/**
 * Checks the id token of a login (OpenID Connect Core section 3.1.3.7): issuer, audience, nonce, times, and the signature when the server's
 * keys are known. Without them it is believed because it came from the token endpoint itself, over TLS. Rejects with LoginError, which keeps
 * nothing of the token.
 */
export async function checkIdToken(client: ClientParts, response: TokenResponse, rules: IdTokenRules): Promise<void> {
  const { clientId, nonce, required } = rules;
  const idToken = response.id_token;
  if (idToken === undefined || idToken === null || idToken === "") {
    if (!required) return;
    throw new LoginError("id-token", "The token endpoint gave no id token, though the scope openid was asked for.");
  }
  // oauth4webapi reads whole token responses. In this one only the id token is real.
  const answer = Response.json({ access_token: "-", token_type: "bearer", id_token: idToken });
  try {
    const issuer = issuerOf(client, rules.server, idToken);
    const expected = ownFields<ProcessAuthorizationCodeResponseOptions>({ expectedNonce: nonce ?? expectNoNonce, requireIdToken: true });
    await processAuthorizationCodeResponse(issuer, ownFields({ client_id: clientId }), answer, expected);
    if (issuer.jwks_uri !== undefined) await checkSignature(client, answer, issuer, rules);
  } catch (error) {
    const { cause } = readFailure(error);
    const code = (error as { code?: unknown }).code;
    throw new LoginError("id-token", `The id token is not one for this login${typeof code === "string" ? ` (${code})` : ""}.`, { cause });
  }
}

/** One object for one server, by which oauth4webapi keeps the server's keys, for five minutes. */
const issuers = new WeakMap<ServerMetadata, ServerMetadata>();

function issuerOf({ knowsIssuer }: ClientParts, server: ServerMetadata, idToken: unknown): ServerMetadata {
  const known = knowsIssuer ? issuers.get(server) : undefined;
  if (known !== undefined) return known;
  const named = server.id_token_signing_alg_values_supported ?? algorithms;
  const issuer: ServerMetadata = {
    ...server,
    issuer: knowsIssuer ? server.issuer : issuerIn(idToken),
    id_token_signing_alg_values_supported: named.filter((one) => algorithms.includes(one)),
  };
  if (knowsIssuer) issuers.set(server, issuer);
  return issuer;
}

async function checkSignature(
  client: ClientParts,
  answer: Response,
  issuer: ServerMetadata,
  { server, signal }: IdTokenRules,
): Promise<void> {
  const url = endpointOf(issuer, "jwks_uri");
  const options = ownFields<ValidateSignatureOptions>({
    [allowInsecureRequests]: url.protocol === "http:",
    [customFetch]: async (address, { method, headers, redirect }) => {
      const response = await fetchUntil(client.fetch, address, { method, headers, redirect }, signal);
      const { status, text } = await readAnswer(response, signal);
      // The body is read within its bounds, and as JSON whatever its content type is.
      return new Response(text ?? "", {
        status: status >= 200 && status < 600 ? status : 502,
        headers: { "content-type": "application/json" },
      });
    },
  });
  await validateApplicationLevelSignature(issuer, answer, options).catch((error: { code?: unknown }) => {
    if (error.code !== KEY_SELECTION) throw error;
    // The key is not among those that are kept: the server may have a new one since. With another object, the keys are fetched again.
    const renewed = { ...issuer };
    if (client.knowsIssuer) issuers.set(server, renewed);
    return validateApplicationLevelSignature(renewed, answer, options);
  });
}

/** Reads the issuer's name from its id token. Where no option names it, that is believed: the token came from the token endpoint itself. */
function issuerIn(idToken: unknown): string {
  const iss = readClaims(idToken)?.["iss"];
  return typeof iss === "string" && iss !== "" ? iss : "-";
}
