import { hideFields, type HeaderFields } from "@tokenflight/core";

/** What got's request function gives: a client request, or, from got's cache and from a function of the caller's, a response. */
interface RequestOrResponse {
  once?(event: string, listener: (response: { statusCode?: number }) => void): unknown;
  statusCode?: number;
}

export interface SentRequest {
  /** What the request has of ours. */
  readonly fields: HeaderFields;
  /** The headers that it was sent with. */
  readonly headers: Record<string, unknown>;
  /** The caller's: got rejects with it before the client request has noticed. */
  readonly signal: AbortSignal | undefined;
  /** Called before anybody else knows of the response; without a status when that cannot be known yet. */
  readonly onResponse: (status: number | undefined) => void;
}

/**
 * Takes header fields out of a client request once it was answered or has failed, because got's responses and errors refer to it. What a
 * `request` function of the caller's gives in place of one has nothing to hide.
 */
export function hideOnceSent(result: unknown, sent: SentRequest): void {
  if (result instanceof Promise) {
    result.then((settled: unknown) => hideOnceSent(settled, sent)).catch(() => {});
    return;
  }
  const { fields, headers, signal, onResponse } = sent;
  const request = result as RequestOrResponse | undefined;
  // A response tells its status itself.
  if (typeof request?.once !== "function" || "statusCode" in request) return onResponse(request?.statusCode);
  let isOver = false;
  const hide = (): void => {
    if (isOver) return;
    signal?.removeEventListener("abort", hide);
    hideFields(request, fields, headers);
  };
  signal?.addEventListener("abort", hide);
  request.once("error", hide);
  request.once("response", ({ statusCode }) => {
    hide();
    isOver = true;
    onResponse(statusCode);
  });
}
