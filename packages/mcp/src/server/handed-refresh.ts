import { LoginRequiredError, systemClock, TokenRequestError, type NamedTokenCache, type TokenSet } from "@tokenflight/core";
import { bindingOf, type Binding } from "../binding.ts";
import type { HandedOver, HandedOverSource } from "./handed-over.ts";

export interface HandoverParts {
  /** The server's own cache, which refreshes what is due. */
  readonly tokens: NamedTokenCache;
  /** A cache of the same login, whose refreshes are the SDK's. */
  readonly handed: NamedTokenCache;
  readonly handing: HandedOverSource;
}

/** How often another process may be faster before this one gives up: each of many has calls of its own that were refused. */
const attempts = 100;

/** Milliseconds for which a token request that the SDK has sent may still be answered. Fetch functions wait for so long. */
const longestAnswer = 300_000;

/** A refresh that is the SDK's to send. */
export interface HandedRefresh {
  readonly request: HandedOver;
  /** The token set that it replaces. */
  readonly replaced: TokenSet;
  /** When it began, by the monotonic clock. */
  readonly begun: number;
  readonly renewed: Promise<TokenSet>;
}

const moved =
  "The MCP server has changed its authorization server, and the SDK may know the one before: connect anew, with another provider.";
const overtaken =
  "The SDK has sent another refresh token, whose answer may still come and would not say which one it is for: try again later.";

/**
 * Makes the next refresh the SDK's. Whoever finds that another process was faster has to begin again: an SDK cannot go on without a request of its own. `issuers`
 * are those that the SDK knows: no refresh token that is from another one is for it to send. Rejects with LoginRequiredError then. `unanswered` is the refresh
 * before: while its answer may come, another refresh token, perhaps another user's, is not sent. Rejects with TokenRequestError then.
 */
export async function handOver(
  { tokens, handed, handing }: HandoverParts,
  issuers: ReadonlySet<string>,
  unanswered: HandedRefresh | undefined,
): Promise<HandedRefresh> {
  const isKnown = (binding: Binding | undefined): boolean => binding !== undefined && issuers.size === 1 && issuers.has(binding.issuer);
  for (let left = attempts; left > 0; left -= 1) {
    await handed.reread();
    const replaced = handed.peek() ?? (await tokens.get());
    if (!isKnown(bindingOf(replaced))) throw new LoginRequiredError(moved);
    if (isOvertaken(replaced.refreshToken, unanswered)) throw new TokenRequestError("not-sent", overtaken);
    const asked = handing.next();
    const renewed = handed.renew(replaced);
    renewed.catch(() => {});
    const request = await Promise.race([asked, renewed.then(() => undefined)]).finally(() => handing.stop());
    if (request === undefined) continue;
    const error = isKnown(request.binding) ? undefined : new LoginRequiredError(moved);
    const isLate = isOvertaken(request.refreshToken, unanswered);
    if (error === undefined && !isLate) return { request, replaced, renewed, begun: systemClock.monotonic() };
    const notSent = new TokenRequestError("not-sent", error?.message ?? overtaken);
    request.fail(notSent);
    throw error ?? notSent;
  }
  throw new TokenRequestError("not-sent", "Other processes have refreshed the tokens again and again.");
}

function isOvertaken(refreshToken: string | undefined, unanswered: HandedRefresh | undefined): boolean {
  if (unanswered === undefined || unanswered.request.refreshToken === refreshToken) return false;
  return systemClock.monotonic() - unanswered.begun < longestAnswer;
}
