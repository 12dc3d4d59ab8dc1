import { TokenflightError, type TokenflightErrorCode } from "@tokenflight/core";

/** Why a login came to nothing. */
export type LoginFailure =
  /** The user or the server said no; `error` and `errorDescription` say why (RFC 6749 section 4.1.2.1, RFC 8628 section 3.5). */
  | "refused"
  /** The callback is not the answer to this login: another state, another issuer, a field twice, no code. Somebody may be at work. */
  | "callback"
  /** The login took too long. */
  | "expired"
  /** This login has been completed or tried before, or no login of this session waits for a callback: it serves once. */
  | "used"
  /** The id token is missing, or is not for this client and this login, or its signature is wrong. */
  | "id-token"
  /** The caller's signal ended it. */
  | "aborted";

export interface LoginErrorDetails {
  error?: string | undefined;
  errorDescription?: string | undefined;
  cause?: unknown;
}

const code: string = "ERR_LOGIN_FAILED";

/** A login came to nothing: there are no tokens, and what was stored is as it was. A new login may do better. */
export class LoginError extends TokenflightError {
  readonly reason: LoginFailure;
  /** The `error` code that the server gave, when it gave one. */
  readonly error: string | undefined;
  /** The server's `error_description`, cut and cleaned. */
  readonly errorDescription: string | undefined;

  constructor(reason: LoginFailure, message: string, details: LoginErrorDetails = {}) {
    // Core names the codes of its own errors; this one is added to them here.
    super(code as TokenflightErrorCode, message, "cause" in details ? { cause: details.cause } : undefined);
    this.reason = reason;
    this.error = details.error;
    this.errorDescription = details.errorDescription;
  }

  override get name(): string {
    return "LoginError";
  }
}
