import { hasOwn } from "@tokenflight/core";
import {
  clockTolerance,
  expectNoNonce,
  processAuthorizationCodeResponse,
  processRefreshTokenResponse,
  type Client,
  type ProcessAuthorizationCodeResponseOptions,
} from "oauth4webapi";
import type { ClientParts, IdTokenFault, ServerMetadata } from "../client-parts.ts";
import { readClaims, type AnswerFields } from "../endpoint/answer-fields.ts";
import { readFailure } from "../endpoint/read-failure.ts";
import { ownField, ownFields } from "../own-fields.ts";
import { secondsAfter } from "./clock-difference.ts";
import { checkSignature, issuerOf, KeysAwayError } from "./server-keys.ts";

export interface IdTokenRules {
  readonly server: ServerMetadata;
  readonly clientId: string;
  /** What its nonce has to be; undefined when it must not have one. Left out for a refresh, where the id token before says. */
  readonly nonce?: string | undefined;
  /** Ends the wait for the server's keys. */
  readonly signal: AbortSignal;
}

/** What is wrong with an id token. Nothing of it is a secret. */
export interface FoundFault {
  readonly fault: IdTokenFault;
  /** Completes "The id token ...". */
  readonly problem: string;
  /** Of oauth4webapi. */
  readonly code: string | undefined;
  /** Without anything of the token. */
  readonly cause: Error;
}

/** The claims that OpenID Connect Core section 2 requires. */
const required = ["iss", "sub", "aud", "exp", "iat"];

/**
 * Looks for the first fault of an id token (OpenID Connect Core section 3.1.3.7): issuer, audience, nonce, times, and the signature when the server's keys
 * are known. Without them it is believed because it came from the token endpoint itself. Never rejects.
 */
export async function findFault(client: ClientParts, idToken: string, rules: IdTokenRules): Promise<FoundFault | undefined> {
  // oauth4webapi reads whole token responses. In this one only the id token is real.
  const answer = Response.json({ access_token: "-", token_type: "bearer", id_token: idToken });
  const asked = ownFields<Client>({ client_id: rules.clientId, [clockTolerance]: client.clockTolerance });
  let isClaimsFault = true;
  try {
    const issuer = issuerOf(client, rules.server, idToken);
    if (hasOwn(rules, "nonce")) {
      const expected = { expectedNonce: rules.nonce ?? expectNoNonce, requireIdToken: true } as const;
      await processAuthorizationCodeResponse(issuer, asked, answer, ownFields<ProcessAuthorizationCodeResponseOptions>(expected));
    } else {
      await processRefreshTokenResponse(issuer, asked, answer);
    }
    isClaimsFault = false;
    if (issuer.jwks_uri !== undefined) await checkSignature(client, answer, issuer, rules);
    return undefined;
  } catch (error) {
    const code: unknown = ownField(error, "code");
    const found = isClaimsFault ? claimsFault(error, idToken, rules) : signatureFault(error);
    return { ...found, code: typeof code === "string" ? code : undefined, cause: readFailure(error).cause };
  }
}

type Fault = Pick<FoundFault, "fault" | "problem">;

function signatureFault(error: unknown): Fault {
  if (error instanceof KeysAwayError) return { fault: "keys", problem: "cannot be checked: the server's keys could not be had" };
  return { fault: "signature", problem: "is not signed with a key of the server's" };
}

/** oauth4webapi says in the cause of its error which claim is wrong, or shows the header that is. */
function claimsFault(error: unknown, idToken: string, rules: IdTokenRules): Fault {
  const cause = ownField(error, "cause");
  const claims = readClaims(idToken);
  const claim = ownField(cause, "claim");
  if (claim === "iss") return { fault: "issuer", problem: "is one of another issuer (iss)" };
  if (claim === "aud" || claim === "azp") return { fault: "audience", problem: `is for another client (${claim})` };
  if (claim === "nonce") return { fault: "changed", problem: "is the answer to another login (nonce)" };
  if (claim === "exp" || claim === "nbf") return { fault: "time", problem: timeProblem(claim, claims) };
  if (ownField(cause, "header") !== undefined) return { fault: "signature", problem: "is signed in a way that is not accepted" };
  if (claims === undefined) return { fault: "unreadable", problem: "cannot be read" };
  const missing = [...required, ...(rules.nonce === undefined ? [] : ["nonce"])].find((name) => claims[name] === undefined);
  return { fault: "unreadable", problem: missing === undefined ? "has a claim of the wrong kind" : `has no ${missing}` };
}

function timeProblem(claim: "exp" | "nbf", claims: AnswerFields | undefined): string {
  const seconds = secondsAfter(Number(claims?.[claim]));
  return claim === "exp" ? `expired ${seconds} seconds ago (exp)` : `is not valid for another ${-seconds} seconds (nbf)`;
}
