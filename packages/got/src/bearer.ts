import { EventEmitter, errorMonitor } from "node:events";
import { Attachment, InvalidOptionError, type BearerOptions, type Tokens } from "@tokenflight/core";
import {
  HTTPError,
  type ExtendOptions,
  type HandlerFunction,
  type InitHook,
  type NormalizedOptions,
  type Options,
  type PlainResponse,
} from "got";
import { isTripHook, Trip } from "./trip.ts";

const ours = new WeakSet<HandlerFunction>();

/** Named as narrowly as it is, so that an extended instance keeps the types of its own options. */
export interface BearerExtension {
  handlers: HandlerFunction[];
  hooks: { init: InitHook[] };
}

/**
 * Options for `got.extend` that put a fresh token on requests to the allowed origins and replay a refused one once.
 *
 * The token is put on beneath got's hooks, on a copy, anew for each redirect and each retry: hooks, options and errors do not hold it. A
 * request with an `authorization` header of its own (`undefined` for none at all), with `username`, `password` or credentials in its URL is
 * sent untouched. A stream is not replayed: its error ends it, and the next request has a fresh token. Throws InvalidOptionError.
 */
export function bearer(tokens: Tokens<NormalizedOptions>, options: BearerOptions<PlainResponse> = {}): BearerExtension {
  const attachment = new Attachment<NormalizedOptions, PlainResponse>(tokens, options);
  const parts = { attachment, refusedBy401: options.refused === undefined };

  const begin: HandlerFunction = (request, next) => {
    // got calls handlers without options when it could make none of what it was given, and reports that itself.
    if ((request as Options | undefined) === undefined) return next(request);
    const trip = new Trip(parts, request);
    join(trip, request);
    const result = next(request);
    if (request.isStream && result instanceof EventEmitter) watch(trip, result);
    return result;
  };
  ours.add(begin);

  // got runs this for whatever an instance that has these tokens is extended by.
  const refuseOthers: InitHook = (init) => {
    const { handlers = [] } = init as ExtendOptions;
    if (handlers.some((handler) => ours.has(handler) && handler !== begin)) {
      throw new InvalidOptionError("extend", "a got instance without bearer tokens", "one that has them");
    }
  };

  return { handlers: [begin], hooks: { init: [refuseOthers] } };
}

/**
 * The trip departs after the last of the caller's hooks, so that it has the last word. Options that were used for another call before may
 * hold that one's trip.
 */
function join(trip: Trip, { hooks }: Options): void {
  hooks.beforeRequest = [...hooks.beforeRequest.filter((hook) => !isTripHook(hook)), trip.depart];
  if (hooks.afterResponse.some(isTripHook)) hooks.afterResponse = hooks.afterResponse.filter((hook) => !isTripHook(hook));
}

/** got runs no hooks for the response of a stream. */
function watch(trip: Trip, stream: EventEmitter): void {
  stream.on("response", (response: PlainResponse) => trip.passBy(response));
  stream.on(errorMonitor, (error: unknown) => {
    if (error instanceof HTTPError) void trip.passBy(error.response);
  });
}
