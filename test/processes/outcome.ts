import { TokenflightError, TokenRequestError, type TokenRequestOutcome, type TokenSet } from "@tokenflight/core";

/** How a call of a token cache in another process ended. */
export type Outcome =
  | { readonly ok: true; readonly accessToken: string }
  | { readonly ok: false; readonly code: string; readonly outcome?: TokenRequestOutcome };

/** Rejects only for what is no error of ours. */
export async function outcomeOf(call: Promise<TokenSet>): Promise<Outcome> {
  try {
    const { accessToken } = await call;
    return { ok: true, accessToken };
  } catch (error) {
    if (!TokenflightError.is(error)) throw error;
    return { ok: false, code: error.code, ...(error instanceof TokenRequestError ? { outcome: error.outcome } : {}) };
  }
}
