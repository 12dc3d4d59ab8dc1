import { systemClock, waitFor, withDeadline, type NamedTokenCache, type TokenSet } from "@tokenflight/core";
import { covers } from "../binding.ts";

/** A token request under way for these scopes. */
interface WiderToken {
  readonly wish: string;
  readonly tokenSet: Promise<TokenSet>;
}

/** A token request and what it waits for, an owner elsewhere and a pause, in timeouts of one request. */
const longestRefresh = 4;

/** What refused requests want of the next token, where no person is asked: each has a token request of its own, since each may be refused. */
export class WantedScopes {
  #scopes: readonly string[] = [];
  #pending: WiderToken | undefined;
  readonly #timeout: number;

  /** `timeout`: milliseconds of one token request. */
  constructor(timeout: number) {
    this.#timeout = timeout;
  }

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
      const isOver = await this.#isOver(isSame ? pending.tokenSet : pending.tokenSet.catch(() => {}), signal);
      if (isOver && isSame) return;
      if (!isOver && this.#pending === pending) this.#pending = undefined;
    }
    const newest = tokens.peek() ?? current;
    if (newest !== undefined && newest !== current && covers(newest, scopes)) return;
    this.#scopes = scopes;
    const tokenSet = newest === undefined ? tokens.get() : tokens.renew(newest);
    // Tokens that were given name their scopes. What was not given is none that the next request has to be refused for.
    const end = (): void => {
      if (this.#pending !== pending) return;
      this.#scopes = [];
      this.#pending = undefined;
    };
    const pending: WiderToken = { wish, tokenSet: tokenSet.finally(end) };
    this.#pending = pending;
    await waitFor(pending.tokenSet, signal);
  }

  /**
   * Waits for another request's. False when it takes too long: in workerd, what a request began that is over by now ends without a word. Rejects as that does, and
   * with the signal's reason.
   */
  async #isOver(tokenSet: Promise<unknown>, signal: AbortSignal | undefined): Promise<boolean> {
    let isLate = false;
    const late = (): Error => {
      isLate = true;
      return new Error("It takes too long.");
    };
    try {
      await withDeadline(systemClock, longestRefresh * this.#timeout, signal, (ending) => waitFor(tokenSet, ending), late);
      return true;
    } catch (error) {
      if (isLate) return false;
      throw error;
    }
  }
}
