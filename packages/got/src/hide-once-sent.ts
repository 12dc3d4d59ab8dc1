import { hideFields, type HeaderFields } from "@tokenflight/core";

/** What got's request function gives: a client request, or, from got's cache and from a function of the caller's, a response. */
interface RequestOrResponse {
  once?(event: string, listener: (response: { statusCode?: number }) => void): unknown;
  destroy?(error?: Error): unknown;
  write?(...given: unknown[]): unknown;
  end?(...given: unknown[]): unknown;
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
 * Takes header fields out of a client request once it was answered or is over, because got's responses and errors refer to it. Not every end of one comes with
 * an error event: got hears of TLS against plain http from the callback of what it has written, and destroys a request whose time is over. What a `request`
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
  if (typeof request.destroy === "function") {
    const destroy = request.destroy.bind(request);
    request.destroy = (error) => {
      hide();
      if (!isOver) onFailure?.();
      isOver = true;
      return destroy(error);
    };
  }
  for (const name of ["write", "end"] as const) {
    const method = request[name];
    if (typeof method === "function")
      request[name] = (...given) =>
        Reflect.apply(
          method,
          request,
          given.map((one) => (typeof one === "function" ? hidingFirst(one as never, hide) : one)),
        );
  }
  for (const end of ["error", "close"]) request.once(end, hide);
  request.once("response", ({ statusCode }) => {
    hide();
    isOver = true;
    onResponse(statusCode);
  });
}

function hidingFirst(callback: (error?: Error | null) => void, hide: () => void): (error?: Error | null) => void {
  return (error) => {
    if (error) hide();
    callback(error);
  };
}
