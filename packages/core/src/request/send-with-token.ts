import { isAnsweredInPlace, type Attachment, type ResponseFacts } from "./attachment.ts";
import type { HeaderFields, SchemeRequest } from "./scheme.ts";
import type { TokenCache } from "../cache/token-cache.ts";
import type { TokenSet } from "../tokens/token-set.ts";

/** One request of a client whose transport can be wrapped. Everything but `send` and `facts` is looked at only when it is needed. */
export interface Carriage<Response> extends SchemeRequest {
  /** Sends the request with these header fields on a private copy of its own. Called once or twice. */
  send(fields: HeaderFields): Promise<Response>;
  facts(response: Response): ResponseFacts;
  /** Ends the caller's wait for a token: its signal, its timeout. */
  readonly signal: AbortSignal | undefined;
  /** Whether the body can be sent a second time, byte for byte. */
  readonly canResend: boolean;
  /** Whether the response came after a redirect, and from which URL; undefined when the client hides it. */
  redirect(response: Response): { redirected: boolean | undefined; url: string | undefined };
  /** Drains or cancels the body of a response that nobody will read. */
  discard(response: Response): void | Promise<void>;
}

/**
 * The way of a request: put the token on, send, and, if it was refused, send once more with another token. While the token is fresh
 * nothing is awaited but the response. When no other token can be had, the caller gets the refusal itself, its body unread.
 */
export async function carry<Request, Response>(
  attachment: Attachment<Request, Response>,
  tokens: TokenCache,
  request: Carriage<Response>,
): Promise<Response> {
  const used = tokens.peek() ?? (await tokens.get({ signal: request.signal }));
  const fields = attachment.scheme(used, request);
  const response = await request.send(fields instanceof Promise ? await fields : fields);
  const refused = attachment.isRefused(response, request.facts(response));
  if (refused === false || !(await refused)) return response;

  const { redirected, url } = request.redirect(response);
  if (!isAnsweredInPlace(request.method, request.url, url, redirected)) return response;
  if (!attachment.mayReplay(request.canResend)) {
    // This request keeps its refusal; the next one finds the fresh token.
    tokens.renew(used).catch(() => {});
    return response;
  }
  let renewed: TokenSet;
  try {
    renewed = await tokens.renew(used, { signal: request.signal });
  } catch {
    request.signal?.throwIfAborted();
    return response;
  }
  try {
    await request.discard(response);
  } catch {
    // Nobody will read the body; that it cannot even be thrown away is no reason to keep the new token from the request.
  }
  const replay = await request.send(await attachment.scheme(renewed, request));
  tokens.reportReplay(renewed, !(await attachment.isRefused(replay, request.facts(replay))));
  return replay;
}
