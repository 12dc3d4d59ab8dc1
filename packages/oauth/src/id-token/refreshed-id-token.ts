import { type TokenResponse, type TokenSet, waitFor } from "@tokenflight/core";
import type { ClientParts, IdTokenFault } from "../client-parts.ts";
import { readClaims, type AnswerFields } from "../endpoint/answer-fields.ts";
import { currentCredentials, locate } from "../endpoint/endpoint-request.ts";
import { within } from "../endpoint/waiting.ts";
import { secondsAfter } from "./clock-difference.ts";
import { findFault } from "./find-fault.ts";

/** Milliseconds that the check may take, the fetch of the server's keys included: the tokens of the refresh are there, and somebody waits for them. */
const longest = 2000;

/**
 * Checks the id token of a refresh (OpenID Connect Core section 12.2), whose user and issuer are known to be those of the login. One with a fault is
 * taken out of the response, so that the one before stays, and `observe` is told; the tokens are good all the same. Never rejects, and ends in two seconds.
 */
export async function checkRefreshedIdToken(
  client: ClientParts,
  response: TokenResponse,
  previous: TokenSet,
  caller: AbortSignal,
): Promise<void> {
  const idToken = String(response.id_token);
  const timeout = Math.min(client.timeout, longest);
  const reason = await within(timeout, caller, (signal) => waitFor(faultOf(client, idToken, previous, signal), signal)).catch(
    (): IdTokenFault => "keys",
  );
  if (reason === undefined) return;
  delete response.id_token;
  const issuedAt = readClaims(idToken)?.["iat"];
  const clock = reason === "time" && typeof issuedAt === "number" ? { clockDifference: secondsAfter(issuedAt) } : {};
  client.observe({ type: "id-token-ignored", grant: "refresh_token", reason, ...clock });
}

async function faultOf(client: ClientParts, idToken: string, previous: TokenSet, signal: AbortSignal): Promise<IdTokenFault | undefined> {
  const claims = readClaims(idToken);
  if (claims === undefined) return "unreadable";
  const purpose = { endpoint: "token_endpoint", signal } as const;
  const { metadata } = await locate(client, purpose, signal);
  const clientId = await clientIn(claims, client, signal);
  const found = await findFault(client, idToken, { server: metadata, clientId, signal });
  return found?.fault ?? (isChanged(claims, readClaims(previous.idToken), clientId) ? "changed" : undefined);
}

/** Which of the client's ids the id token is for. Credentials may have been replaced since the login, and are asked for only if need be. */
async function clientIn(claims: AnswerFields, client: ClientParts, signal: AbortSignal): Promise<string> {
  const audience = new Set([claims["aud"]].flat());
  if (audience.has(client.clientId)) return client.clientId;
  const sets = await currentCredentials(client, { endpoint: "token_endpoint", signal }, signal);
  return sets.find((set) => audience.has(set.clientId))?.clientId ?? client.clientId;
}

/**
 * Whether it tells of another authentication than the id token before: when the user logged in, for which client, in answer to which request. What one of
 * the two does not say is not compared, and a client that comes to be named has to be this one.
 */
function isChanged(now: AnswerFields, before: AnswerFields | undefined, clientId: string): boolean {
  const differs = (name: string, otherwise?: unknown): boolean => {
    const expected = before?.[name] ?? otherwise;
    return now[name] !== undefined && expected !== undefined && now[name] !== expected;
  };
  return differs("auth_time") || differs("nonce") || differs("azp", clientId);
}
