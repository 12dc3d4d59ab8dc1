import { waitFor, type NamedTokenCache, type TokenSet } from "@tokenflight/core";
import { covers } from "../binding.ts";

/** A token request under way for these scopes. */
interface WiderToken {
  readonly wish: string;
  readonly tokenSet: Promise<TokenSet>;
}

/** What refused requests want of the next token, where no person is asked: each has a token request of its own, since each may be refused. */
export class WantedScopes {
  #scopes: readonly string[] = [];
  #pending: WiderToken | undefined;

  /** Those that the next token is to have besides. */
  get scopes(): readonly string[] {
    return this.#scopes;
  }

  /**
   * Resolves when there is another token than `current`, of this cache, whose source asks for the scopes. The signal ends this caller's wait only. Rejects as the
   * cache does.
   */
  async obtain(
    tokens: NamedTokenCache,
    scopes: readonly string[],
    current: TokenSet | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const wish = scopes.join(" ");
    for (let pending = this.#pending; pending !== undefined; pending = this.#pending) {
      const isSame = pending.wish === wish;
      await waitFor(isSame ? pending.tokenSet : pending.tokenSet.catch(() => {}), signal);
      if (isSame) return;
    }
    const newest = tokens.peek() ?? current;
    if (newest !== undefined && newest !== current && covers(newest, scopes)) return;
    this.#scopes = scopes;
    const tokenSet = newest === undefined ? tokens.get() : tokens.renew(newest);
    // Tokens that were given name their scopes. What was not given is none that the next request has to be refused for.
    const end = (): void => {
      this.#scopes = [];
      this.#pending = undefined;
    };
    this.#pending = { wish, tokenSet: tokenSet.finally(end) };
    await waitFor(this.#pending.tokenSet, signal);
  }
}
