import { errorMonitor } from "node:events";
import { Attachment, canReadAgain, type BearerOptions, type TokenCache, type Tokens } from "@tokenflight/core";
import { HTTPError, type ExtendOptions, type HandlerFunction, type NormalizedOptions, type Options, type PlainResponse } from "got";
import { putToken } from "./put-token.ts";
import { replayOnce } from "./replay-once.ts";
import { startTrip, tripOf } from "./trip.ts";

/**
 * Options for `got.extend` that put a fresh token on requests to the allowed origins and replay a refused one once.
 *
 * got has no transport to wrap, so the token is put on in a `beforeRequest` hook, again for each redirect and retry, and a refused
 * response is replayed from an `afterResponse` hook. A request with an `authorization` header of its own, with `username` or with
 * credentials in its URL is sent untouched. A stream is not replayed: its error ends it, and the next request has a fresh token.
 * Throws InvalidOptionError.
 */
export function bearer(tokens: Tokens<NormalizedOptions>, options: BearerOptions<PlainResponse> = {}): ExtendOptions {
  const attachment = new Attachment<NormalizedOptions, PlainResponse>(tokens, options);

  // A handler sees the body before got turns a form into a stream, so it is here that one can tell whether it can be sent again.
  const begin: HandlerFunction = (request, next) => {
    startTrip(request, canReadAgain(request.body));
    const result = next(request);
    if (request.isStream) renewAfterRefusal(result as NodeJS.EventEmitter, request);
    return result;
  };

  const renewAfterRefusal = (stream: NodeJS.EventEmitter, request: Options): void => {
    stream.on(errorMonitor, (error: unknown) => {
      const { cache, used } = tripOf(request) ?? {};
      if (error instanceof HTTPError && cache !== undefined && used !== undefined) void renewIfRefused(error.response, cache, used);
    });
  };

  const renewIfRefused = async (response: PlainResponse, cache: TokenCache, used: Parameters<TokenCache["renew"]>[0]): Promise<void> => {
    const facts = { status: response.statusCode, challenge: response.headers["www-authenticate"] };
    if (await attachment.isRefused(response, facts)) cache.renew(used).catch(() => {});
  };

  return {
    handlers: [begin],
    hooks: { beforeRequest: [putToken(attachment)], afterResponse: [replayOnce(attachment)] },
  };
}
