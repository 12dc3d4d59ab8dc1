import { recognise, TokenflightError, type TokenflightErrorCode } from "@tokenflight/core";

/** Why a login failed. */
export type LoginFailure =
  /** The user or the server refused; `error` and `errorDescription` say why (RFC 6749 section 4.1.2.1, RFC 8628 section 3.5). */
  | "refused"
  /** The callback does not answer this login (another state or issuer, a parameter twice, no code). It may be an attack. */
  | "callback"
  /** The login took too long. */
  | "expired"
  /** A login serves once: this one has been completed or tried before, or no login of this session waits for a callback. */
  | "used"
  /** The id token is missing, or is not for this client and this login, or its signature is wrong. */
  | "id-token"
  /** The port of this machine that the callback was to come to cannot be had: another program has it, or the system does not give it. */
  | "port"
  /** The caller's signal ended the login. */
  | "aborted";

/** What is known of a login that failed. */
export interface LoginErrorDetails {
  /** The `error` code that the server gave. Default: undefined. */
  error?: string | undefined;
  /** The server's `error_description`, cut and cleaned. Default: undefined. */
  errorDescription?: string | undefined;
  /** The error beneath. Default: none. */
  cause?: unknown;
}

const code: string = "ERR_LOGIN_FAILED";

/** A login failed: it gave no token set, and what was stored is as it was. A new login may succeed. */
export class LoginError extends TokenflightError {
  /** Why it failed. */
  readonly reason: LoginFailure;
  /** The `error` code that the server gave, when it gave one. */
  readonly error: string | undefined;
  /** The server's `error_description`, cut and cleaned. */
  readonly errorDescription: string | undefined;

  constructor(reason: LoginFailure, message: string, details: LoginErrorDetails = {}) {
    // Core's type names the codes of core's own errors; this code is not one of them.
    super(code as TokenflightErrorCode, message, "cause" in details ? { cause: details.cause } : undefined);
    this.reason = reason;
    this.error = details.error;
    this.errorDescription = details.errorDescription;
  }

  override get name(): string {
    return "LoginError";
  }
}

recognise("LoginError", LoginError);
