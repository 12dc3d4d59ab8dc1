import { ownOnly, ownOption } from "../platform/own.ts";
import { nameErrors, TokenflightError, type Caused } from "./tokenflight-error.ts";

/* What a refresh may end with, besides a token request that failed. */

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
  /** The `error` code that the server gave, such as "invalid_grant" (RFC 6749 section 5.2). */
  readonly error: string | undefined;
  /** The server's `error_description`, cut and cleaned (RFC 6749 section 5.2). */
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

nameErrors({ InvalidTokenResponseError, LoginRequiredError, StoreError });
