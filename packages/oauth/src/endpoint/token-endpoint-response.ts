import {
  InvalidTokenResponseError,
  readChallenges,
  TokenRequestError,
  type TokenRequestOutcome,
  type TokenResponse,
} from "@tokenflight/core";
import { readFields, textField, type AnswerFields } from "./answer-fields.ts";
import { isRedirect, type Answer } from "./answer.ts";
import { clean } from "./clean.ts";
import type { Mask } from "./mask.ts";
import { readRetryAfter } from "./retry-after.ts";

export interface ResponseRules {
  /** The token endpoint's host, for messages. */
  readonly host: string;
  /** Token types that are taken, in lower case. */
  readonly tokenTypes: ReadonlySet<string>;
  readonly mask: Mask;
}

/**
 * Reads a token endpoint's answer (RFC 6749 sections 5.1 and 5.2) as it is meant rather than as it is labelled: any 2xx with tokens will
 * do, a 2xx with an `error` is that error, and an error keeps its code whatever its headers say. Core checks the fields themselves.
 *
 * Throws TokenRequestError, and InvalidTokenResponseError for a token type that is not taken.
 */
export function readTokenEndpointResponse(answer: Answer, { host, tokenTypes, mask }: ResponseRules): TokenResponse {
  const { status, text, trouble } = answer;
  const fields = readFields(text);
  const succeeded = status >= 200 && status < 300;
  if (succeeded && textField(fields, "error") === undefined) {
    if (fields !== undefined) return checkTokenType(withoutServerTimes(fields), tokenTypes, mask);
    const body = trouble ?? (text?.trim() === "" ? "is empty" : "is neither a JSON object nor form-encoded fields");
    throw new TokenRequestError("unknown", `The token endpoint ${host} answered ${status}, but the body ${body}.`, { status });
  }

  throw failureOf(answer, { title: "token", host, mask });
}

/** The error that an answer without what was asked for stands for; keeps its code whatever its status and headers say. */
export function failureOf(answer: Answer, { title, host, mask }: { title: string; host: string; mask: Mask }): TokenRequestError {
  const { status, text } = answer;
  const fields = readFields(text);
  const error = textField(fields, "error") ?? challengeError(answer);
  const description = textField(fields, "error_description");
  const details = {
    status,
    // A short secret may be part of an honest error code.
    error: error === undefined ? undefined : clean(mask(error, 8), 64),
    errorDescription: description === undefined ? undefined : clean(mask(description), 300),
    retryAfter: readRetryAfter(answer.header("retry-after"), answer.header("date")),
  };
  const reason = [details.error, details.errorDescription].filter((part) => part !== undefined).join(": ");
  const said = isRedirect(status) ? `${status}, a redirect, which is not followed` : reason === "" ? `${status}` : `${status}, ${reason}`;
  return new TokenRequestError(outcomeOf(status), `The ${title} endpoint ${host} answered ${said}.`, details);
}

/** What an HTTP status says about a token request that failed. */
export function outcomeOf(status: number): TokenRequestOutcome {
  if (status === 429 || status === 503) return "throttled";
  return (status >= 200 && status < 300) || (status >= 400 && status < 500) ? "refused" : "unknown";
}

/** Where the body names no error, a challenge may (RFC 6750 section 3). */
function challengeError(answer: Answer): string | undefined {
  const challenges = readChallenges(answer.header("www-authenticate") ?? "");
  return challenges.map(({ parameters }) => parameters.get("error")).find((error) => error !== undefined && error !== "");
}

/** Two machines' clocks are not compared: a lifetime goes before a point in time, and the server's own idea of now is dropped. */
function withoutServerTimes(fields: AnswerFields): TokenResponse {
  const response = Object.assign(Object.create(null), fields) as TokenResponse;
  delete response["issued_at"];
  if (response.expires_in !== undefined && response.expires_in !== null && response.expires_in !== "") delete response.expires_at;
  return response;
}

function checkTokenType(response: TokenResponse, tokenTypes: ReadonlySet<string>, mask: Mask): TokenResponse {
  const { token_type: type } = response;
  // A missing type is "Bearer" to core, which also refuses what is not a string.
  if (typeof type !== "string" || type === "" || tokenTypes.has(type.toLowerCase())) return response;
  const named = type.length <= 32 && type !== response.access_token ? `type "${clean(mask(type), 32)}"` : "another type";
  throw new InvalidTokenResponseError(
    `The token endpoint gave a token of ${named}; expected Bearer, or a type that the option tokenTypes names.`,
  );
}
