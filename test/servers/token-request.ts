import type { IncomingHttpHeaders } from "node:http";

/** No answer at all: the connection is reset, or nothing more is said until the client leaves or the server closes. */
export type NoAnswer = "reset" | "silence";

/** A token request as it arrived. */
export interface TokenRequest {
  /** Counts from 1 since the start or the last reset. */
  readonly number: number;
  /** `grant_type`; empty when there is none. */
  readonly grantType: string;
  readonly form: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** What the client was sent: a status, or nothing. Undefined until then. */
  answered: number | NoAnswer | undefined;
}
