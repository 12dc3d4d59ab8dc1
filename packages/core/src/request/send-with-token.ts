import type { TokenCache } from "../cache/token-cache.ts";
import type { TokenSet } from "../tokens/token-set.ts";
import { isSafeToReplay, type BearerPolicy, type Redirect, type ResponseFacts } from "./bearer-policy.ts";
import type { HeaderFields, SchemeRequest } from "./scheme.ts";

/** One request of a client, as its adapter describes it. All but `send` and `facts` is looked at only when it is needed. */
export interface OutgoingRequest<Response> extends SchemeRequest {
  /** Makes one attempt: sends the request with these header fields on a private copy of its own. Called once, and once more for the replay. */
  send(fields: HeaderFields): Promise<Response>;
  facts(response: Response): ResponseFacts;
  /** Ends the caller's wait for a token: its signal, its timeout. */
  readonly signal: AbortSignal | undefined;
  /** Whether the body can be sent a second time, byte for byte. */
  readonly canSendAgain: boolean;
  redirect(response: Response): Redirect;
  /** Drains or cancels the body of a response that nobody will read. */
  discard(response: Response): Promise<void>;
}

/** Sends with a token and, if it is refused, once more with another one. If there is none, the caller gets the refusal, its body unread. */
export async function sendWithToken<Request, Response>(
  policy: BearerPolicy<Request, Response>,
  cache: TokenCache,
  request: OutgoingRequest<Response>,
): Promise<Response> {
  const used = cache.peek() ?? (await cache.get({ signal: request.signal }));
  const fields = policy.scheme(used, request);
  const response = await request.send(fields instanceof Promise ? await fields : fields);
  const refused = policy.isRefused(response, request.facts(response));
  if (refused === false || !(await refused)) return response;

  if (!isSafeToReplay(request, request.redirect(response))) return response;
  if (!policy.wantsReplay || !request.canSendAgain) {
    // This request keeps its refusal. The next one finds the fresh token.
    cache.renew(used).catch(() => {});
    return response;
  }
  let renewed: TokenSet;
  try {
    renewed = await cache.renew(used, { signal: request.signal });
  } catch {
    request.signal?.throwIfAborted();
    return response;
  }
  // Nobody will read the body. That it cannot even be thrown away is no reason to keep the new token from the request.
  await (async () => request.discard(response))().catch(() => {});
  const replay = await request.send(await policy.scheme(renewed, request));
  cache.reportReplay(renewed, !(await policy.isRefused(replay, request.facts(replay))));
  return replay;
}
