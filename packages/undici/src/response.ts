import type { IncomingHttpHeaders } from "node:http";

/** What is known of a response before its body. */
export interface UndiciResponse {
  readonly statusCode: number;
  readonly statusText: string | undefined;
  readonly headers: IncomingHttpHeaders;
}
