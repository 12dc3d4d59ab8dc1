import type { InvalidTokenResponseError, TokenRequestError } from "@tokenflight/core";
import type { ClientParts } from "../client-parts.ts";
import { insideOf, readFields } from "./answer-fields.ts";
import { readRefusal, type Refusal } from "./dialects.ts";
import { answerOf, type EndpointAnswer } from "./failure.ts";

/**
 * Codes and sentences that can mean nothing else than that this refresh token will never work again, in one spelling (`inOneSpelling`). What means
 * that at one provider only stands in that provider's profile.
 */
const deadWords = new Set(
  `invalid_grant invalid_refresh_token bad_refresh_token refresh_token_invalid refresh_token_is_invalid
  refresh_token_is_not_valid refresh_token_not_valid invalid_or_expired_refresh_token unknown_or_invalid_refresh_token unknown_refresh_token
  expired_refresh_token refresh_token_expired refresh_token_is_expired refresh_token_has_expired the_refresh_token_has_expired
  revoked_refresh_token refresh_token_revoked refresh_token_is_revoked refresh_token_has_been_revoked the_refresh_token_has_been_revoked
  refresh_token_already_used refresh_token_has_already_been_used refresh_token_reused refresh_token_reuse_detected
  refresh_token_not_found refresh_token_does_not_exist invalid_refresh_token_refresh_token_not_found invalid_refresh_token_already_used
  token_has_been_expired_or_revoked
  interaction_required login_required consent_required account_selection_required reauthentication_required`.split(/\s+/),
);

const aboutTheClient = `invalid_client invalid_client_id invalid_client_secret bad_client_secret client_not_found unsupported_grant_type invalid_scope`;

/** Codes about the client or the server. Beside one of them no word that counts everywhere ends a session: it may be the client's own mistake. */
const notAboutTheUser = new Set(
  `${aboutTheClient}
  server_error internal_error temporarily_unavailable service_unavailable slow_down rate_limited ratelimited rate_limit_exceeded
  too_many_requests use_dpop_nonce invalid_dpop_proof`.split(/\s+/),
);

/** Codes by which a server says that it has looked at the request and given nothing (RFC 6749 section 5.2). */
const refusals = new Set(`${aboutTheClient} invalid_request unauthorized_client access_denied`.split(/\s+/));

/**
 * What ends one purpose of a login, by the code for it that is core's (OpenID Connect Core section 3.1.2.6). Microsoft says so in `suberror`, beside
 * an `invalid_grant`: there is no consent to this API, or this API wants more of the user than the login did, such as a second factor.
 */
const onePurpose = new Map([
  ["consent_required", "consent_required"],
  ["interaction_required", "interaction_required"],
  ["basic_action", "interaction_required"],
  ["additional_action", "interaction_required"],
  ["message_only", "interaction_required"],
]);

/**
 * Whether a failed refresh means that only a login helps. The caller's own `loginRequired` is asked first; then passing statuses, other outcomes
 * than "refused", and a new refresh token that came with the failure say no; then the words decide: those of the option, and those that count everywhere.
 */
export function endsSession(client: ClientParts, error: TokenRequestError | InvalidTokenResponseError): boolean {
  const answer = answerOf(error);
  if (answer === undefined) return false;
  const decided = askCaller(client, answer);
  if (decided !== undefined) return decided;
  if (!("outcome" in error) || error.outcome !== "refused" || client.passingStatuses.has(answer.status)) return false;
  if (error.refreshToken !== undefined) return false;
  const { codes, sentences } = refusalIn(client, answer);
  const words = [...codes, ...sentences];
  if (words.some((word) => client.loginRequiredErrors.has(word))) return true;
  return !codes.some((code) => notAboutTheUser.has(code)) && words.some((word) => deadWords.has(word));
}

/** Whether words of an answer, in one spelling, say that the refresh token that was sent is dead, or that the client or its request is wrong. */
export function refusesGrant(client: ClientParts, words: readonly string[]): boolean {
  return words.some((word) => deadWords.has(word) || refusals.has(word) || client.loginRequiredErrors.has(word));
}

/** The code of an answer that ends a session: one that ends it for what was asked for only, when there is one. */
export function codeOfEnd(client: ClientParts, error: TokenRequestError): string | undefined {
  const answer = answerOf(error);
  if (answer === undefined) return error.error;
  const { codes, sentences } = refusalIn(client, answer);
  const found = codes.map((code) => onePurpose.get(code)).find((code) => code !== undefined);
  // Without a `suberror`, the number of Microsoft's error says it.
  return found ?? (sentences.some((sentence) => /^aadsts65001(?!\d)/.test(sentence)) ? "consent_required" : error.error);
}

function refusalIn({ tokensAt }: ClientParts, answer: EndpointAnswer): Refusal {
  return readRefusal(answer, tokensAt && insideOf(readFields(answer.text), tokensAt));
}

/** What the option `loginRequired` says. What it throws, and what is neither true nor false, leaves the decision to the words. */
function askCaller({ loginRequired, observe }: ClientParts, answer: EndpointAnswer): boolean | undefined {
  const { status, text, part = "" } = answer;
  if (loginRequired === undefined) return undefined;
  try {
    const said: unknown = loginRequired({
      status,
      body: readFields(text) ?? text ?? part,
      headers: { get: (name) => answer.header(name) },
    });
    if (typeof said === "boolean" || said === undefined) return said;
    // A promise that rejects is nobody else's.
    if (said instanceof Promise) said.catch(() => {});
  } catch {
    // Its error may quote the answer, which may hold secrets.
  }
  observe({ type: "option-failed", option: "loginRequired" });
  return undefined;
}
