import { requireFunction } from "../options.ts";
import { requireSource, type SourceContext, type TokenSource } from "./token-source.ts";

/** Stands between a token cache and its source: asks the source with `ask`, or gives something else. */
export type SourceWrapper = (context: SourceContext, ask: (context: SourceContext) => ReturnType<TokenSource>) => ReturnType<TokenSource>;

/**
 * Makes a token source of another one, which it may log, measure or change, and keeps what that one says of itself: a function around a grant would have
 * another name in the store, and nobody would know that it spends a refresh token.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * const source = wrapSource(client.refreshToken(), async (context, ask) => {
 *   console.log(context.reason);
 *   return ask(context);
 * });
 * ```
 */
export function wrapSource(source: TokenSource, wrapper: SourceWrapper): TokenSource {
  requireSource(source);
  requireFunction("wrapper", wrapper);
  const wrapped: TokenSource = async (context) => wrapper(context, source);
  return Object.assign(wrapped, source);
}
