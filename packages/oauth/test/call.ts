import { readTokenResponse, TokenSet, type SourceContext, type TokenSource } from "@tokenflight/core";

/** Calls a token source as a token cache would. */
export async function call(source: TokenSource, context: Partial<SourceContext> = {}): Promise<TokenSet> {
  const response = await source({ signal: new AbortController().signal, urgency: "blocking", reason: "missing", ...context });
  return response instanceof TokenSet ? response : readTokenResponse(response, 0, context.previous);
}

export function tokenSetWith(refreshToken: string): TokenSet {
  return readTokenResponse({ access_token: "old-access", refresh_token: refreshToken }, 0);
}

/** The rejection itself, so that all of it can be looked at. */
export async function failureOf(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  return promise.then(
    () => {
      throw new Error("It was expected to fail.");
    },
    (error) => error,
  );
}
