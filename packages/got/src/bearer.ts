import { EventEmitter, errorMonitor } from "node:events";
import { BearerPolicy, InvalidOptionError, shared, type BearerOptions, type TokenCache, type TokenCacheSelector } from "@tokenflight/core";
import type {
  BeforeRedirectHook,
  BeforeRetryHook,
  ExtendOptions,
  HandlerFunction,
  HTTPError,
  InitHook,
  NormalizedOptions,
  Options,
  PlainResponse,
} from "got";
import { OutgoingGotRequest } from "./outgoing-request.ts";

const attached = shared("got.attached.1", () => new WeakSet<HandlerFunction>());

/** Named as narrowly as it is, so that an extended instance keeps the types of its own options. */
export interface BearerExtension {
  /** Puts the token on each request. */
  handlers: HandlerFunction[];
  /** Where got tells of a request on its way. */
  hooks: {
    /** Refuses an instance that has bearer tokens already. */
    init: InitHook[];
    /** Decides anew whether the next target may have the token. */
    beforeRedirect: BeforeRedirectHook[];
    /** Keeps the caller's retries as they are. */
    beforeRetry: BeforeRetryHook[];
  };
}

/**
 * Options for `got.extend` that put a fresh token on requests to the allowed origins and replay a refused one once.
 *
 * The token is put on beneath got's hooks, on a copy, anew for each redirect and each retry: hooks, options and errors do not contain it. A request with
 * credentials of its own (an `authorization` header, be it undefined, `username`, `password`, credentials in its URL) is sent untouched. A stream is not
 * replayed: its error ends it, and the next request has a fresh token.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`); an instance of a got before 14.4 does with its first request.
 * @example
 * ```ts
 * const api = got.extend(bearer(tokens, { origins: "https://api.example.com" }));
 * const orders = await api.get("https://api.example.com/orders").json();
 * ```
 */
export function bearer(
  tokens: TokenCache | TokenCacheSelector<NormalizedOptions>,
  options: BearerOptions<PlainResponse> = {},
): BearerExtension {
  const policy = new BearerPolicy<NormalizedOptions, PlainResponse>(tokens, options);
  const parts = { policy, selects: typeof tokens === "function" };

  const handler: HandlerFunction = (request, next) => {
    // got calls handlers without options when it could make none of what it was given, and reports that itself.
    if ((request as Options | undefined) === undefined) return next(request);
    requireNewGot(request);
    const outgoing = new OutgoingGotRequest(parts, request);
    const result = next(request);
    // Behind the hooks that handlers after this one have put in. got begins with them when this function has returned.
    outgoing.watchHooks(request);
    if (request.isStream && result instanceof EventEmitter) observeStream(outgoing, result);
    return result;
  };
  attached.add(handler);

  // got runs this for whatever an instance that has our handler is extended by.
  const refuseOthers: InitHook = (init) => {
    const { handlers = [] } = Object.hasOwn(init, "handlers") ? (init as ExtendOptions) : {};
    if (handlers.some((other) => attached.has(other) && other !== handler)) {
      throw new InvalidOptionError("extend", "a got instance without bearer tokens", "one that has them");
    }
  };
  // got makes new options for each redirect and each retry.
  const redirect: BeforeRedirectHook = (next, response) => OutgoingGotRequest.of(response.request.options)?.follow(next);
  const retry: BeforeRetryHook = ({ request, response }) => {
    const outgoing = request && OutgoingGotRequest.of(request.options);
    if (request === undefined || outgoing === undefined) return;
    outgoing.watchHooks(request.options, true);
    // A stream with a listener for "retry" has no "error" before its last attempt. The retry does not wait for a predicate of the caller's.
    if (request.options.isStream && response !== undefined) void outgoing.renewIfRefused(response);
  };

  return { handlers: [handler], hooks: { init: [refuseOthers], beforeRedirect: [redirect], beforeRetry: [retry] } };
}

function requireNewGot(request: Partial<Options>): void {
  if (typeof request.getRequestFunction === "function" && typeof request.createNativeRequestOptions === "function") return;
  throw new InvalidOptionError("extend", "an instance of got 14.4 or later", "one of an older got");
}

/** got runs no hooks for the response of a stream, which its reader has already, and no handlers for the stream that it makes for a retry. */
function observeStream(outgoing: OutgoingGotRequest, stream: EventEmitter): void {
  stream.on("response", (response: PlainResponse) => outgoing.renewIfRefused(response));
  // By its name, as the program may have several copies of got.
  stream.on(errorMonitor, ({ name, response }: HTTPError) => {
    if (name === "HTTPError") void outgoing.renewIfRefused(response);
  });
  // A listener of ours would count: got retries where there is one, and takes one only.
  const emit = stream.emit.bind(stream);
  const value = (event: string | symbol, ...given: unknown[]): boolean => {
    if (event !== "retry") return emit(event, ...given);
    const [count, error, create] = given as [number, Error, (options?: unknown) => EventEmitter];
    return emit(event, count, error, (options?: unknown) => {
      const next = create(options);
      observeStream(outgoing, next);
      return next;
    });
  };
  Object.defineProperty(stream, "emit", { value, configurable: true, writable: true });
}
