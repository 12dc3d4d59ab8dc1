import { hasOwn } from "../platform/own.ts";
import { recognise } from "../platform/shared.ts";

/** The codes of core's errors. `docs/errors.md` says of each what it means for the request and what may be done. */
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
export interface Caused {
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
  /** The name of the option, such as "timeouts.request". */
  readonly option: string;

  constructor(option: string, expected: string, got: string) {
    super("ERR_INVALID_OPTION", `${option}: expected ${expected}, got ${got}.`);
    this.option = option;
  }
}

/** Names classes of errors. The names stand in the prototypes, because errors show their own properties when they are logged, and a minifier renames classes. */
export function nameErrors(classes: Record<string, abstract new (...given: never[]) => Error>): void {
  for (const [name, kind] of Object.entries(classes)) {
    Object.defineProperty(kind.prototype, "name", { value: name });
    recognise(name, kind);
  }
}

nameErrors({ TokenflightError, InvalidOptionError });
