import type { BearerPolicy } from "../bearer-policy.ts";
import { keepBody } from "../body.ts";
import type { RequestLog } from "../request-log.ts";
import type { FetchFunction } from "./fetch-function.ts";
import { copyHeaders } from "./fetch-headers.ts";

/** A call of a fetch function that may have a token: what the caller gave, and what is known of it. */
export interface FetchCall {
  readonly policy: BearerPolicy<never, Response>;
  /** Is told of a request that gets no token. */
  readonly log: Pick<RequestLog, "withoutToken">;
  readonly fetch: FetchFunction;
  /**
   * Whether the function is the platform's own, which takes `Authorization` off a request that a redirect sends to another origin, changes nothing that it is
   * given, and has copied it when it returns.
   */
  readonly isKnown: boolean;
  /** Undefined for a call with a URL. */
  readonly request: Request | undefined;
  /** An init of its own. Headers and body stand beside it, too. */
  readonly init: RequestInit;
  /** Absolute. */
  readonly url: string;
  /** The same as the caller gave it. */
  readonly asked: string;
  /** Headers that can be read more than once. */
  headers: HeadersInit | undefined;
  body: RequestInit["body"];
  /** Whether headers and body are copies, which the caller does not change. */
  isKept: boolean;
}

/** Called before a wait: what is sent is what the caller gave, whatever it does meanwhile with its objects. */
export function keepCall(call: FetchCall): void {
  if (call.isKept) return;
  call.isKept = true;
  call.headers = copyHeaders(call.headers);
  call.body = keepBody(call.body);
}

/** In Node the signal of a Request, which follows the caller's, aborts only as long as the Request is there. */
const requests = new WeakMap<AbortSignal, Request>();

/** The signal that ends the caller's waits. */
export function signalOf({ init, request }: FetchCall): AbortSignal | undefined {
  // Null takes away the signal of the Request.
  const { signal = request?.signal } = init;
  if (signal == null) return undefined;
  if (request !== undefined) requests.set(signal, request);
  return signal;
}

/** A stream that is the body. */
export function streamOf({ body }: FetchCall): ReadableStream | undefined {
  return typeof body === "object" && body !== null && "getReader" in body ? body : undefined;
}
