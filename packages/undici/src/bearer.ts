import { Attachment, type BearerOptions, type Tokens } from "@tokenflight/core";
import type { Dispatcher } from "undici";
import { Exchange } from "./exchange.ts";
import { hasAuthorization } from "./headers.ts";
import type { UndiciResponse } from "./response.ts";

/**
 * An interceptor for `dispatcher.compose`: requests to the allowed origins carry a fresh token, and a refused one is replayed once.
 *
 * Each hop that it sees is decided anew. Compose it after `redirect` and before `responseError`: `compose(redirect, bearer, responseError)`. A
 * request with an authorization header of its own is sent untouched, and so is one that names no origin. Under `fetch` every body is an
 * iterator and can be sent only once: use @tokenflight/fetch there. Throws InvalidOptionError.
 */
export function bearer(
  tokens: Tokens<Dispatcher.DispatchOptions>,
  options: BearerOptions<UndiciResponse>,
): Dispatcher.DispatcherComposeInterceptor {
  const attachment = new Attachment(tokens, options);
  return (dispatch) => (request, handler) => {
    const { origin } = request;
    if (origin === undefined || !attachment.allows(String(origin)) || hasAuthorization(request.headers)) return dispatch(request, handler);
    const cache = attachment.tokensFor(request);
    if (cache === undefined) return dispatch(request, handler);
    new Exchange({ attachment, cache, dispatch, request, handler }).start();
    return true;
  };
}
