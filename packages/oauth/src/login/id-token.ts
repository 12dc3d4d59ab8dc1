import type { TokenResponse } from "@tokenflight/core";
import {
  allowInsecureRequests,
  customFetch,
  expectNoNonce,
  KEY_SELECTION,
  processAuthorizationCodeResponse,
  validateApplicationLevelSignature,
  type ValidateSignatureOptions,
} from "oauth4webapi";
import { fetchWithin, readAnswer, type FetchFunction } from "../endpoint/answer.ts";
import type { LocatedServer } from "../server/authorization-server.ts";
import { readFailure } from "../endpoint/failure.ts";
import { readClaims } from "./id-token-claims.ts";
import { LoginError } from "../errors.ts";
import { endpointOf } from "../server/server-endpoint.ts";

export interface IdTokenRules {
  readonly server: LocatedServer;
  /** Whether `server.issuer` is the issuer's own name. */
  readonly knowsIssuer: boolean;
  readonly clientId: string;
  /** Undefined: the request had none. */
  readonly nonce: string | undefined;
  /** Whether there has to be an id token, because the scope `openid` was asked for. */
  readonly required: boolean;
  readonly fetch: FetchFunction;
  readonly signal: AbortSignal;
}

/** Every algorithm with a public key. Never `none`, and no HMAC, whose key the server would share with all who know the secret. */
const algorithms = ["ES256", "RS256", "PS256", "EdDSA", "Ed25519", "ES384", "ES512", "RS384", "RS512", "PS384", "PS512"];

/**
 * Checks the id token of a login (OpenID Connect Core section 3.1.3.7): issuer, audience, nonce, times, and the signature when the server's
 * keys are known. Without them it is believed because it came from the token endpoint itself, over TLS. Throws LoginError, which keeps
 * nothing of the token.
 */
export async function checkIdToken(response: TokenResponse, rules: IdTokenRules): Promise<void> {
  const { clientId, nonce, required } = rules;
  const idToken = response.id_token;
  if (idToken === undefined || idToken === null || idToken === "") {
    if (!required) return;
    throw new LoginError("id-token", "The token endpoint gave no id token, though the scope openid was asked for.");
  }
  // oauth4webapi reads whole token responses; of this one only the id token is for it to judge.
  const answer = Response.json({ access_token: "-", token_type: "bearer", id_token: idToken });
  try {
    const issuer = issuerOf(rules, idToken);
    await processAuthorizationCodeResponse(issuer, { client_id: clientId }, answer, {
      expectedNonce: nonce ?? expectNoNonce,
      requireIdToken: true,
    });
    if (issuer.jwks_uri !== undefined) await checkSignature(answer, issuer, rules);
  } catch (error) {
    const { cause } = readFailure(error);
    const code = (error as { code?: unknown }).code;
    throw new LoginError("id-token", `The id token is not one for this login${typeof code === "string" ? ` (${code})` : ""}.`, { cause });
  }
}

/** One object for one server, by which oauth4webapi keeps the server's keys, for five minutes. */
const issuers = new WeakMap<LocatedServer, LocatedServer>();

function issuerOf({ server, knowsIssuer }: IdTokenRules, idToken: unknown): LocatedServer {
  const known = knowsIssuer ? issuers.get(server) : undefined;
  if (known !== undefined) return known;
  const named = server.id_token_signing_alg_values_supported ?? algorithms;
  const issuer: LocatedServer = {
    ...server,
    issuer: knowsIssuer ? server.issuer : issuerIn(idToken),
    id_token_signing_alg_values_supported: named.filter((one) => algorithms.includes(one)),
  };
  if (knowsIssuer) issuers.set(server, issuer);
  return issuer;
}

async function checkSignature(answer: Response, issuer: LocatedServer, rules: IdTokenRules): Promise<void> {
  const { server, knowsIssuer, fetch, signal } = rules;
  const url = endpointOf(issuer, "jwks_uri");
  const options: ValidateSignatureOptions = {
    [allowInsecureRequests]: url.protocol === "http:",
    [customFetch]: async (address, { method, headers, redirect }) => {
      const response = await fetchWithin(fetch, address, { method, headers, redirect }, signal);
      const { status, text } = await readAnswer(response, signal);
      // Read to the cap and no further, and by its looks: keys come with whatever content type.
      return new Response(text ?? "", {
        status: status >= 200 && status < 600 ? status : 502,
        headers: { "content-type": "application/json" },
      });
    },
  };
  await validateApplicationLevelSignature(issuer, answer, options).catch((error: { code?: unknown }) => {
    if (error.code !== KEY_SELECTION) throw error;
    // The key is not among those that are kept: the server may have a new one since. Another object has none kept.
    const renewed = { ...issuer };
    if (knowsIssuer) issuers.set(server, renewed);
    return validateApplicationLevelSignature(renewed, answer, options);
  });
}

/** Where nobody has said who the issuer is, its own word for it stands: the token came from the token endpoint itself. */
function issuerIn(idToken: unknown): string {
  const iss = readClaims(idToken)?.["iss"];
  return typeof iss === "string" && iss !== "" ? iss : "-";
}
