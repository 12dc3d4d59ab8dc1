import type { TokenCache } from "../cache/token-cache.ts";
import { waitFor } from "../clock/waits.ts";
import { TokenflightError } from "../errors/tokenflight-error.ts";
import { throwIfAborted } from "../platform/signals.ts";
import type { TokenSet } from "../tokens/token-set.ts";
import type { WithoutTokenReason } from "./bearer-options.ts";
import type { BearerPolicy } from "./bearer-policy.ts";
import { isRefused, type ResponseFacts } from "./refusal/is-refused.ts";
import { isAtSameOrigin, reasonNotToReplay, type Redirect } from "./refusal/replay.ts";
import { fieldsOf } from "./scheme-fields.ts";
import type { HeaderFields, SchemeRequest } from "./scheme.ts";

/** One request of a client, as its adapter describes it. All but `send` and `facts` is looked at only when it is needed. */
export interface OutgoingRequest<Response> extends SchemeRequest {
  /**
   * Makes one attempt: sends the request with these header fields on a private copy of its own, and without a placeholder; with none, as the caller gave it.
   * Called once, and once more for the replay.
   */
  send(fields: HeaderFields | undefined): Promise<Response>;
  /** Called before a wait: the request has to be sent as it is now, whatever the caller does meanwhile with the objects that it gave. Default: nothing happens. */
  keep?(): void;
  /** What says whether a response refuses the token. */
  facts(response: Response): ResponseFacts;
  /** Ends the caller's waits, for a token, a scheme, a predicate: its signal, its timeout. */
  readonly signal: AbortSignal | undefined;
  /** Whether the caller chose credentials of its own. */
  readonly hasOwnCredentials: boolean;
  /** Whether the body can be sent a second time, byte for byte. */
  readonly canSendAgain: boolean;
  /** What the client tells of the redirects that led to a response. */
  redirect(response: Response): Redirect;
  /**
   * Called for a refused response before a wait for another token: its body must not keep the connection that the token request may need, and stays the
   * caller's to read. Never throws. Default: nothing happens.
   */
  makeWay?(response: Response): void;
  /** Drains or cancels the body of a response that nobody will read. */
  discard(response: Response): Promise<void>;
  /** What the caller gets of the response that counts; nothing is sent again. Default: the response. */
  settle?(response: Response): Response | Promise<Response>;
  /** What the caller gets of an error, which it may throw. Default: the error. */
  fail?(error: unknown): Response | Promise<Response>;
}

/** Sends with a token and, if it is refused, once more with another one. If there is none, the caller gets the refusal, its body unread. */
export async function sendWithToken<Request, Response>(
  policy: BearerPolicy<Request, Response>,
  cache: TokenCache,
  request: OutgoingRequest<Response>,
): Promise<Response> {
  let isUnderWay = false;
  try {
    let used: TokenSet;
    try {
      const atOnce = cache.peek();
      if (atOnce === undefined) request.keep?.();
      used = atOnce ?? (await cache.get({ signal: request.signal }));
    } catch (error) {
      if (!goesWithout(policy, error, cache)) throw error;
      policy.log.withoutToken(request.url, "logged-out");
      return settled(request, await request.send(undefined));
    }
    const made = fieldsOf(policy.scheme, used, request);
    if (made instanceof Promise) request.keep?.();
    const fields = made instanceof Promise ? await waitFor(made, request.signal) : made;
    if (policy.credentials.learn(fields) && request.hasOwnCredentials) {
      policy.log.withoutToken(request.url, "own-credentials");
      return settled(request, await request.send(undefined));
    }
    isUnderWay = true;
    const response = await request.send(fields);
    isUnderWay = false;
    const refused = isRefused(policy, response, request.facts(response));
    if (refused === false || !(await answerOf(refused, request, response))) return settled(request, response);
    return settled(request, await replay(policy, cache, { request, used, response }));
  } catch (error) {
    if (isUnderWay) policy.log.failed(request, error);
    if (request.fail === undefined) throw error;
    return request.fail(error);
  }
}

/** Whether a request that got this error in place of a token goes without one: nobody is logged in, and the caller wants it. */
export function goesWithout(
  { sendsLoggedOut }: Pick<BearerPolicy<never, never>, "sendsLoggedOut">,
  error: unknown,
  cache: TokenCache,
): boolean {
  if (!sendsLoggedOut || !TokenflightError.is(error) || error.code !== "ERR_LOGIN_REQUIRED") return false;
  return cache.status().state === "logged-out";
}

/** Is not awaited, so that `fail` does not hear of what it rejects with. */
function settled<Response>(request: OutgoingRequest<Response>, response: Response): Response | Promise<Response> {
  return request.settle === undefined ? response : request.settle(response);
}

/** What a predicate says in the end. A response whose caller leaves meanwhile is nobody's. */
async function answerOf<Response>(
  refused: boolean | Promise<boolean>,
  request: OutgoingRequest<Response>,
  response: Response,
): Promise<boolean> {
  if (typeof refused === "boolean") return refused;
  try {
    return await waitFor(refused, request.signal);
  } catch (error) {
    discard(request, response).catch(() => {});
    throw error;
  }
}

/** A function that throws rejects, too. */
async function discard<Response>(request: OutgoingRequest<Response>, response: Response): Promise<void> {
  await request.discard(response);
}

interface Refusal<Response> {
  readonly request: OutgoingRequest<Response>;
  readonly used: TokenSet;
  readonly response: Response;
}

async function replay<Request, Response>(
  policy: BearerPolicy<Request, Response>,
  cache: TokenCache,
  { request, used, response }: Refusal<Response>,
): Promise<Response> {
  const redirect = request.redirect(response);
  const reason = reasonNotToReplay(policy, request, redirect);
  if (reason !== undefined) {
    policy.log.notReplayed(request, reason);
    // This request keeps its refusal. The next one finds the fresh token.
    if (isAtSameOrigin(request, redirect)) cache.renew(used).catch(() => {});
    return response;
  }
  let renewed = anotherThan(used, cache);
  try {
    if (renewed === undefined) {
      request.makeWay?.(response);
      renewed = await cache.renew(used, { signal: request.signal });
    }
  } catch {
    if (request.signal?.aborted) discard(request, response).catch(() => {});
    if (request.signal !== undefined) throwIfAborted(request.signal);
    policy.log.notReplayed(request, "no-other-token");
    return response;
  }
  // Nobody will read the body. That it cannot even be thrown away is no reason to keep the new token from the request.
  await discard(request, response).catch(() => {});
  const made = fieldsOf(policy.scheme, renewed, request);
  const fields = made instanceof Promise ? await waitFor(made, request.signal) : made;
  let again: Response;
  try {
    again = await request.send(fields);
  } catch (error) {
    policy.log.replayed(request, "failed");
    throw error;
  }
  const refused = await answerOf(isRefused(policy, again, request.facts(again)), request, again);
  cache.reportReplay(renewed, !refused);
  policy.log.replayed(request, refused ? "refused" : "accepted");
  return again;
}

/** The token set that a request has waited for, and the cache that it is from. */
export interface AwaitedToken {
  /** The cache that was asked. */
  readonly cache: TokenCache;
  /** The token set that it gave. */
  readonly tokenSet: TokenSet;
}

/**
 * Waits for a token cache, where a selector gave a promise, and for its token set, until the signal aborts. Resolves to the reason where the request goes
 * without a token.
 *
 * @throws what the selector or the cache rejects with, and the signal's reason.
 */
export async function awaitToken(
  policy: Pick<BearerPolicy<never, never>, "sendsLoggedOut">,
  given: TokenCache | Promise<TokenCache | undefined>,
  signal: AbortSignal | undefined,
): Promise<AwaitedToken | Extract<WithoutTokenReason, "logged-out" | "no-cache">> {
  const cache = "then" in given ? await waitFor(given, signal) : given;
  if (cache === undefined) return "no-cache";
  try {
    return { cache, tokenSet: cache.peek() ?? (await cache.get({ signal })) };
  } catch (error) {
    if (!goesWithout(policy, error, cache)) throw error;
    return "logged-out";
  }
}

/** The token set that is there already in the place of a refused one. In a storm nearly all find one, and need no signal for a wait. */
export function anotherThan(refused: TokenSet, cache: TokenCache): TokenSet | undefined {
  const fresh = cache.peek();
  return fresh?.accessToken === refused.accessToken ? undefined : fresh;
}
