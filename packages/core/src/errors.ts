import { hasOwn, ownOnly, ownOption } from "./platform/own.ts";
import { recognise } from "./platform/shared.ts";

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

export type TokenflightErrorCode =
  | "ERR_CLOSED"
  | "ERR_INVALID_OPTION"
  | "ERR_INVALID_TOKEN_RESPONSE"
  | "ERR_LOGIN_REQUIRED"
  | "ERR_NEW_TOKEN_REFUSED"
  | "ERR_REENTRANT_REFRESH"
  | "ERR_SCHEME_FAILED"
  | "ERR_STORE_RECORD_INVALID"
  | "ERR_STORE_UNAVAILABLE"
  | "ERR_TOKEN_REQUEST_NOT_SENT"
  | "ERR_TOKEN_REQUEST_REFUSED"
  | "ERR_TOKEN_REQUEST_THROTTLED"
  | "ERR_TOKEN_REQUEST_UNKNOWN";

/** `ErrorOptions` of ES2022, which the library of an older target does not have. */
interface Caused {
  cause?: unknown;
}

const brand = Symbol.for("tokenflight.error");

/** Every error that Tokenflight makes. Messages are whole sentences and never hold a secret. */
export class TokenflightError extends Error {
  /** Stable across releases; test this, not the message. */
  readonly code: TokenflightErrorCode;

  constructor(code: TokenflightErrorCode, message: string, options?: Caused) {
    super(message, options);
    this.code = code;
    Object.defineProperty(this, brand, { value: true });
  }

  /** Recognises errors of every copy of this package that a program may have loaded, and of every realm. */
  static is(value: unknown): value is TokenflightError {
    return typeof value === "object" && value !== null && hasOwn(value, brand);
  }
}

/** An option is missing, unknown or of the wrong kind. Thrown at construction. */
export class InvalidOptionError extends TokenflightError {
  readonly option: string;

  constructor(option: string, expected: string, got: string) {
    super("ERR_INVALID_OPTION", `${option}: expected ${expected}, got ${got}.`);
    this.option = option;
  }
}

export interface TokenRequestErrorDetails {
  /** HTTP status of the token endpoint's answer, when there was one. */
  status?: number | undefined;
  /** The `error` code of RFC 6749 section 5.2. */
  error?: string | undefined;
  /** The `error_description` of RFC 6749 section 5.2, cut and cleaned. */
  errorDescription?: string | undefined;
  /** Milliseconds until the server wants to be asked again. */
  retryAfter?: number | undefined;
  /** The new refresh token of an answer that was of no use otherwise: a token cache keeps it. */
  refreshToken?: string | undefined;
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
  readonly outcome: TokenRequestOutcome;
  readonly status: number | undefined;
  readonly error: string | undefined;
  readonly errorDescription: string | undefined;
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

/** The token endpoint's answer holds no usable access token. Nothing that was stored has changed, but for a new refresh token that came with it. */
export class InvalidTokenResponseError extends TokenflightError {
  readonly #refreshToken: string | undefined;

  constructor(message: string, options: Caused & { refreshToken?: string | undefined } = {}) {
    super("ERR_INVALID_TOKEN_RESPONSE", message, options);
    this.#refreshToken = ownOption(options, "refreshToken");
  }

  /** The new refresh token that came all the same: a token cache keeps it. No log of the error shows it. */
  get refreshToken(): string | undefined {
    return this.#refreshToken;
  }
}

/** Only a new login (`tokens.save`) helps: no token request is sent for this subject until then. */
export class LoginRequiredError extends TokenflightError {
  readonly error: string | undefined;
  readonly errorDescription: string | undefined;

  constructor(message: string, details: { error?: string | undefined; errorDescription?: string | undefined; cause?: unknown } = {}) {
    super("ERR_LOGIN_REQUIRED", message, details);
    ({ error: this.error, errorDescription: this.errorDescription } = ownOnly(details));
  }
}

/** The store did not answer in time, failed, was closed, or holds something that is not a record of ours. */
export class StoreError extends TokenflightError {
  /** The version of an entry that cannot be read, by which it can be replaced all the same. */
  readonly version: string | undefined;

  constructor(
    code: "ERR_CLOSED" | "ERR_STORE_UNAVAILABLE" | "ERR_STORE_RECORD_INVALID",
    message: string,
    options: Caused & { version?: string | undefined } = {},
  ) {
    super(code, message, options);
    this.version = ownOption(options, "version");
  }
}

// The names stand in the prototypes, because errors show their own properties when they are logged, and a minifier renames classes.
const classes = { TokenflightError, InvalidOptionError, TokenRequestError, InvalidTokenResponseError, LoginRequiredError, StoreError };
for (const [name, kind] of Object.entries(classes)) {
  Object.defineProperty(kind.prototype, "name", { value: name });
  recognise(name, kind);
}
