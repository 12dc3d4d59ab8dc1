import type { TokenResponse } from "../src/tokens/token-response.ts";
import type { TokenSet } from "../src/tokens/token-set.ts";
import type { SourceContext, TokenSource } from "../src/tokens/token-source.ts";

export interface HandCall {
  readonly context: SourceContext;
  give(response: TokenSet | TokenResponse): void;
  fail(error: unknown): void;
}

/** A token source that is answered by hand, call by call. Its identity is "test". */
export class HandSource {
  readonly calls: HandCall[] = [];
  readonly source: TokenSource;

  constructor(
    traits: { spendsRefreshToken?: boolean; refreshTokenGrace?: number; identity?: string; purpose?: string; requiresLogin?: boolean } = {},
  ) {
    const ask = (context: SourceContext): Promise<TokenSet | TokenResponse> => {
      const { promise, resolve, reject } = Promise.withResolvers<TokenSet | TokenResponse>();
      this.calls.push({ context, give: resolve, fail: reject });
      return promise;
    };
    this.source = Object.assign(ask, { identity: "test", ...traits });
  }

  get last(): HandCall {
    const last = this.calls.at(-1);
    if (last === undefined) throw new Error("The source has not been asked yet.");
    return last;
  }
}
