import { ownOnly, ownOption } from "../platform/own.ts";
import { nameErrors, TokenflightError, type TokenflightErrorCode } from "./tokenflight-error.ts";

/** What became of a token request that failed; it decides what may be done next. */
export type TokenRequestOutcome =
  /** It never left this machine (refused connection, DNS, TLS): it may be sent again at once. */
  | "not-sent"
  /** The authorization server answered no (`invalid_client`, `invalid_grant`, ...): the same request will not do. */
  | "refused"
  /** The server asked for a pause (429, 503): the same request may be sent after `retryAfter`. */
  | "throttled"
  /** Nobody knows whether it was carried out (reset, timeout, 500, an unreadable answer). */
  | "unknown";

/** What is known of a token request that failed. No field but `refreshToken` may hold a secret. */
export interface TokenRequestErrorDetails {
  /** HTTP status of the token endpoint's answer. Default: undefined, there was none. */
  status?: number | undefined;
  /** The `error` code of RFC 6749 section 5.2. Default: undefined. */
  error?: string | undefined;
  /** The `error_description` of RFC 6749 section 5.2, cut and cleaned. Default: undefined. */
  errorDescription?: string | undefined;
  /** Milliseconds until the server wants to be asked again. Default: undefined, it did not say. */
  retryAfter?: number | undefined;
  /** The new refresh token of an answer that was of no use otherwise: a token cache keeps it. Default: none. */
  refreshToken?: string | undefined;
  /** The error beneath, such as that of a fetch function. Default: none. */
  cause?: unknown;
}

/** The code of each outcome. */
export const outcomeCodes: Readonly<Record<TokenRequestOutcome, TokenflightErrorCode>> = {
  "not-sent": "ERR_TOKEN_REQUEST_NOT_SENT",
  refused: "ERR_TOKEN_REQUEST_REFUSED",
  throttled: "ERR_TOKEN_REQUEST_THROTTLED",
  unknown: "ERR_TOKEN_REQUEST_UNKNOWN",
};

/** A token request failed. `outcome` says what may be done about it. */
export class TokenRequestError extends TokenflightError {
  /** What became of the request, and so what may be done next. */
  readonly outcome: TokenRequestOutcome;
  /** HTTP status of the token endpoint's answer. Undefined when there was no answer. */
  readonly status: number | undefined;
  /** The `error` code that the server gave (RFC 6749 section 5.2). */
  readonly error: string | undefined;
  /** The server's `error_description`, cut and cleaned (RFC 6749 section 5.2). */
  readonly errorDescription: string | undefined;
  /** Milliseconds until the server wants to be asked again. Undefined when it did not say. */
  readonly retryAfter: number | undefined;
  readonly #refreshToken: string | undefined;

  constructor(outcome: TokenRequestOutcome, message: string, details: TokenRequestErrorDetails = {}) {
    super(outcomeCodes[outcome], message, details);
    this.outcome = outcome;
    ({ status: this.status, error: this.error, errorDescription: this.errorDescription, retryAfter: this.retryAfter } = ownOnly(details));
    this.#refreshToken = ownOption(details, "refreshToken");
  }

  /** The new refresh token that came with the failure. No log of the error shows it. */
  get refreshToken(): string | undefined {
    return this.#refreshToken;
  }
}

nameErrors({ TokenRequestError });
