import { hasOwn, recognise, TokenflightError, type TokenflightErrorCode } from "@tokenflight/core";

/** What is wrong with an MCP server, or with the authorization server that it names. Nothing was sent to whatever is wrong. */
export type McpServerFailure =
  /** Its challenge names metadata that is at another origin, or no URL. */
  | "address"
  /** What it says of itself (RFC 9728) cannot be had or read. */
  | "resource-metadata"
  /** What it says of itself is about another resource. */
  | "resource"
  /** It names no authorization server that may be used, or none that the program accepts. */
  | "authorization-server"
  /** The authorization server's metadata is that of another issuer. */
  | "issuer"
  /** The authorization server's metadata cannot be had or read, or names endpoints that may not be used. */
  | "server-metadata"
  /** The authorization server does not say that it knows PKCE with S256, without which a code can be stolen. */
  | "pkce"
  /** The client has no id there: it was not registered, names no metadata document that this server reads, and cannot register. */
  | "no-client"
  /** The authorization server did not register the client; `error` says why where it did (RFC 7591 section 3.2.2). */
  | "registration"
  /** The client was registered at another issuer than the one that the server names now. */
  | "issuer-changed";

/** What is known of a server at which no login is possible. */
export interface McpServerErrorDetails {
  /** The `error` code that the authorization server gave. Default: undefined. */
  error?: string | undefined;
  /** The server's `error_description`, cut and cleaned. Default: undefined. */
  errorDescription?: string | undefined;
  /** The error beneath. Default: none. */
  cause?: unknown;
}

const code: string = "ERR_MCP_SERVER";

/** No login is possible at this MCP server as it is. What was stored is as it was. */
export class McpServerError extends TokenflightError {
  /** What is wrong. */
  readonly reason: McpServerFailure;
  /** The `error` code that the authorization server gave, when it gave one. */
  readonly error: string | undefined;
  /** The server's `error_description`, cut and cleaned. */
  readonly errorDescription: string | undefined;

  constructor(reason: McpServerFailure, message: string, details: McpServerErrorDetails = {}) {
    // Core's type names the codes of core's own errors; this code is not one of them.
    super(code as TokenflightErrorCode, message, hasOwn(details, "cause") ? { cause: details.cause } : undefined);
    this.reason = reason;
    this.error = hasOwn(details, "error") ? details.error : undefined;
    this.errorDescription = hasOwn(details, "errorDescription") ? details.errorDescription : undefined;
  }

  override get name(): string {
    return "McpServerError";
  }
}

recognise("McpServerError", McpServerError);
