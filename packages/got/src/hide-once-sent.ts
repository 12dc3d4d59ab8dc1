import { hideFields, type HeaderFields } from "@tokenflight/core";

/** What got's request function gives: a client request, or, from got's cache and from a function of the caller's, a response. */
interface RequestOrResponse {
  once?(event: string, listener: (response: { statusCode?: number }) => void): unknown;
  destroy?(error?: Error): unknown;
  statusCode?: number;
}

export interface SentRequest {
  /** What the request has of ours. */
  readonly fields: HeaderFields;
  /** The headers that it was sent with. */
  readonly headers: Record<string, unknown>;
  /** Called before anybody else knows of the response; without a status when that cannot be known yet. */
  readonly onResponse: (status: number | undefined) => void;
  /** Called when there is no response. */
  readonly onFailure: (() => void) | undefined;
}

/**
 * Takes header fields out of a client request once it was answered or is over, because got's responses and errors refer to it. got destroys a request
 * before it rejects, and not every end of one comes with an error event: TLS against plain http and an answer of 101 do not. What a `request`
 * function of the caller's gives in place of one has nothing to hide.
 */
export function hideOnceSent(result: unknown, sent: SentRequest): void {
  const { fields, headers, onResponse, onFailure } = sent;
  if (result instanceof Promise) {
    result.then((settled: unknown) => hideOnceSent(settled, sent)).catch(() => onFailure?.());
    return;
  }
  const request = result as RequestOrResponse | undefined;
  // A response tells its status itself.
  if (typeof request?.once !== "function" || "statusCode" in request) return onResponse(request?.statusCode);
  let isOver = false;
  const hide = (): void => {
    if (!isOver) hideFields(request, fields, headers);
  };
  const { destroy } = request;
  if (typeof destroy === "function") {
    request.destroy = (error) => {
      hide();
      if (!isOver) onFailure?.();
      isOver = true;
      return destroy.call(request, error);
    };
  }
  request.once("error", hide);
  request.once("response", ({ statusCode }) => {
    hide();
    isOver = true;
    onResponse(statusCode);
  });
}
