import { LoginRequiredError, systemClock, throwIfAborted, waitFor, type NamedTokenCache, type TokenSet } from "@tokenflight/core";
import { LoginError, sharedLogin } from "@tokenflight/oauth";
import { bindingOf, covers, type Binding } from "../binding.ts";
import { scopesIn, unionOf } from "../scopes.ts";
import { logInUser } from "./user-login.ts";
import type { ServerParts } from "./server-parts.ts";

/** Milliseconds for which a user's no stands: an agent that tries again must not open one window after the other. */
const afterRefusal = 60_000;

/** A login that is under way in this process. */
interface PendingLogin {
  readonly scopes: readonly string[];
  readonly tokenSet: Promise<TokenSet>;
}

export interface LoginNeed {
  /** The scopes that are needed; empty for whatever the server begins with. */
  readonly scopes: readonly string[];
  /** Whether the tokens that are there are of no use, whatever they are good for. */
  readonly isOver: ((current: TokenSet) => boolean) | undefined;
  /** Whether the program asks, and not a request that was refused. */
  readonly isWanted: boolean;
}

/** What a request needs that was refused. */
export function needOf(scopes: readonly string[], isOver?: (current: TokenSet) => boolean): LoginNeed {
  return { scopes, isOver, isWanted: false };
}

/** The logins of one server: one at a time in all processes, for whoever needs it. */
export class ServerLogin {
  readonly #parts: ServerParts;
  readonly #tokens: NamedTokenCache;
  readonly #refused = new WeakSet<TokenSet>();
  #pending: PendingLogin | undefined;
  /** The last binding that was seen, also of tokens that are over by now. */
  #before: Binding | undefined;
  #refusal: { readonly scopes: readonly string[]; readonly error: LoginError; readonly until: number } | undefined;

  constructor(parts: ServerParts, tokens: NamedTokenCache) {
    this.#parts = parts;
    this.#tokens = tokens;
  }

  /** Whether it is the first time that this token set was refused, be it as new as can be. */
  isNewlyRefused(tokenSet: TokenSet): boolean {
    const isNew = !this.#refused.has(tokenSet);
    this.#refused.add(tokenSet);
    return isNew;
  }

  /** Tokens were seen: the next login asks for their scopes as well. */
  saw(tokenSet: TokenSet | undefined): void {
    this.#before = bindingOf(tokenSet) ?? this.#before;
  }

  /**
   * Resolves to tokens that are good for what is needed: those of a login under way here or elsewhere, or of a new one. The caller's signal ends its own wait
   * only. Rejects with LoginRequiredError where nobody may be asked, and as `logInUser` does.
   */
  async obtain(need: LoginNeed, signal: AbortSignal | undefined): Promise<TokenSet> {
    for (;;) {
      if (signal !== undefined) throwIfAborted(signal);
      const pending = this.#pending;
      if (pending === undefined) break;
      // Its failure is that of all who needed no more than it asks for: nobody is asked twice.
      const isEnough = need.scopes.every((scope) => pending.scopes.includes(scope));
      const found = waitFor(pending.tokenSet, signal);
      if (isEnough) return found;
      const tokenSet = await found.catch(() => undefined);
      if (tokenSet !== undefined && covers(tokenSet, need.scopes)) return tokenSet;
    }
    this.#requireNoRefusal(need);
    const tokenSet = this.#begin(need);
    const pending = { scopes: need.scopes, tokenSet };
    this.#pending = pending;
    const end = (): void => {
      if (this.#pending === pending) this.#pending = undefined;
    };
    tokenSet.then(end, end);
    return waitFor(tokenSet, signal);
  }

  async #begin(need: LoginNeed): Promise<TokenSet> {
    const { store, key, loginTimeout, observe, url, authorize } = this.#parts;
    if (authorize === undefined) throw this.#required(need);
    const { isOver = () => false, isWanted, scopes } = need;
    // A request needs a login that is wide enough, whoever has made it; a program that asks for one means a new one.
    const replace = isWanted || ((current: TokenSet): boolean => isOver(current) || !covers(current, scopes));
    try {
      const tokenSet = await sharedLogin(store, key, (signal) => logInUser(this.#parts, { scopes, before: this.#known() }, signal), {
        tokens: this.#tokens,
        replace,
        afterRefusal: "reject",
        // Another process may be as slow before it is this one's turn.
        timeout: 2 * loginTimeout + 60,
        waiting: () => observe({ type: "login-awaited" }, url),
      });
      this.#refusal = undefined;
      this.saw(tokenSet);
      return tokenSet;
    } catch (error) {
      if (error instanceof LoginError && error.reason === "refused") {
        this.#refusal = { scopes, error, until: systemClock.monotonic() + afterRefusal };
      }
      throw error;
    }
  }

  /** What the login before has asked for. Of a session of which only the record is left, what it was granted. */
  #known(): Binding | undefined {
    const current = this.#tokens.peek();
    this.saw(current);
    return this.#before;
  }

  /** The user has just said no to all of this. */
  #requireNoRefusal({ scopes, isWanted }: LoginNeed): void {
    const refusal = this.#refusal;
    if (refusal === undefined || isWanted || systemClock.monotonic() >= refusal.until) return;
    if (scopes.every((scope) => refusal.scopes.includes(scope))) throw refusal.error;
  }

  #required({ scopes, isOver }: LoginNeed): LoginRequiredError {
    const { href } = this.#parts.url;
    const current = this.#tokens.peek();
    if (current === undefined) return new LoginRequiredError(`A login is required at the MCP server ${href}.`);
    if (isOver?.(current)) {
      return new LoginRequiredError(
        `A login is required: the MCP server ${href} names another authorization server than the one that its tokens are from.`,
      );
    }
    const wanted = unionOf(scopesIn(current.scope), scopes).join(" ");
    return new LoginRequiredError(`A login is required: the MCP server ${href} wants the scope ${wanted}.`, {
      error: "insufficient_scope",
    });
  }
}
