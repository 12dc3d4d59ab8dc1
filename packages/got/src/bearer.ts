import { EventEmitter, errorMonitor } from "node:events";
import { BearerPolicy, InvalidOptionError, shared, type BearerOptions, type TokenCache, type TokenCacheSelector } from "@tokenflight/core";
import {
  HTTPError,
  type ExtendOptions,
  type HandlerFunction,
  type InitHook,
  type NormalizedOptions,
  type Options,
  type PlainResponse,
} from "got";
import { OutgoingGotRequest } from "./outgoing-request.ts";

const attached = shared("got.attached.1", () => new WeakSet<HandlerFunction>());

/** Named as narrowly as it is, so that an extended instance keeps the types of its own options. */
export interface BearerExtension {
  handlers: HandlerFunction[];
  hooks: { init: InitHook[] };
}

/**
 * Options for `got.extend` that put a fresh token on requests to the allowed origins and replay a refused one once.
 *
 * The token is put on beneath got's hooks, on a copy, anew for each redirect and each retry: hooks, options and errors do not contain it. A
 * request with an `authorization` header of its own (`undefined` for none at all), with `username`, `password` or credentials in its URL is
 * sent untouched. A stream is not replayed: its error ends it, and the next request has a fresh token. Throws InvalidOptionError.
 */
export function bearer(
  tokens: TokenCache | TokenCacheSelector<NormalizedOptions>,
  options: BearerOptions<PlainResponse> = {},
): BearerExtension {
  const policy = new BearerPolicy<NormalizedOptions, PlainResponse>(tokens, options);
  // Only the options' own count, as they do for the policy.
  const parts = { policy, refusedBy401: !Object.hasOwn(options, "refused") || options.refused === undefined };

  const handler: HandlerFunction = (request, next) => {
    // got calls handlers without options when it could make none of what it was given, and reports that itself.
    if ((request as Options | undefined) === undefined) return next(request);
    const outgoing = new OutgoingGotRequest(parts, request);
    outgoing.addTo(request);
    const result = next(request);
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

  return { handlers: [handler], hooks: { init: [refuseOthers] } };
}

/** got runs no hooks for the response of a stream, which its reader has already. */
function observeStream(outgoing: OutgoingGotRequest, stream: EventEmitter): void {
  stream.on("response", (response: PlainResponse) => outgoing.renewIfRefused(response));
  stream.on(errorMonitor, (error: unknown) => {
    if (error instanceof HTTPError) void outgoing.renewIfRefused(error.response);
  });
}
