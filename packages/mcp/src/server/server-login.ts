import {
  LoginRequiredError,
  systemClock,
  throwIfAborted,
  waitFor,
  type NamedTokenCache,
  type TokenResponse,
  type TokenSet,
} from "@tokenflight/core";
import { LoginError, sharedLogin } from "@tokenflight/oauth";
import { bindingOf, covers, type Binding } from "../binding.ts";
import { isUnknownClient } from "../client/registration.ts";
import { scopesIn, unionOf } from "../scopes.ts";
import { shown } from "../discovery/safe-url.ts";
import { logInUser } from "./user-login.ts";
import type { ServerParts } from "./server-parts.ts";

/**
 * Milliseconds for which a login that has failed stands, the user's no among them: an agent that tries again must not open one window after the other. Each further
 * one stands for twice as long.
 */
const afterFailure = { first: 60_000, longest: 3_600_000 };
/** After so many in a row, whatever a server wants besides has to wait as well. */
const mostFailures = 3;

/** A login that is under way in this process. */
interface PendingLogin {
  readonly scopes: readonly string[];
  readonly tokenSet: Promise<TokenSet>;
}

/** The last login, where it has failed after the user was shown a page. */
interface FailedLogin {
  readonly scopes: readonly string[];
  readonly error: unknown;
  /** How many have failed since one did not. */
  readonly count: number;
  /** By the monotonic clock. */
  readonly until: number;
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
  #failure: FailedLogin | undefined;
  /** Scopes of logins before that the server has no more. */
  #withdrawn: readonly string[] = [];

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
    this.#requireNoFailure(need);
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
    let wasShown = false;
    let before: Binding | undefined;
    const logIn = async (signal: AbortSignal): Promise<TokenResponse> => {
      before = withoutScopes(await this.#known(), this.#withdrawn);
      return logInUser(this.#parts, { scopes, before, shown: () => (wasShown = true) }, signal);
    };
    try {
      const tokenSet = await sharedLogin(store, key, logIn, {
        tokens: this.#tokens,
        replace,
        afterRefusal: "reject",
        // Another process may be as slow before it is this one's turn.
        timeout: 2 * loginTimeout + 60,
        waiting: () => observe({ type: "login-awaited" }, url),
      });
      this.#failure = undefined;
      this.#withdrawn = [];
      this.saw(tokenSet);
      return tokenSet;
    } catch (error) {
      // It refuses all of what it is asked for, and does not say which scope it is. The next login asks for what it names now.
      const had = before?.scopes ?? [];
      if (error instanceof LoginError && error.error === "invalid_scope" && had.length > 0) {
        this.#withdrawn = unionOf(this.#withdrawn, had);
        throw error;
      }
      // A server that has forgotten the client is one where the next login may do.
      const isFinal = (wasShown || (error instanceof LoginError && error.reason === "refused")) && !isUnknownClient(error);
      if (isFinal) this.#fail(scopes, error);
      throw error;
    }
  }

  /** What the login before has asked for, and where, perhaps that of another process. */
  async #known(): Promise<Binding | undefined> {
    this.saw((await this.#tokens.reread().catch(() => undefined)) ?? this.#tokens.peek());
    return this.#before;
  }

  #fail(scopes: readonly string[], error: unknown): void {
    const count = (this.#failure?.count ?? 0) + 1;
    const pause = Math.min(afterFailure.first * 2 ** (count - 1), afterFailure.longest);
    this.#failure = { scopes, error, count, until: systemClock.monotonic() + pause };
  }

  /** The user has just said no to all of this, or was shown a page for it that led nowhere. */
  #requireNoFailure({ scopes, isWanted }: LoginNeed): void {
    const failure = this.#failure;
    if (failure === undefined || isWanted || systemClock.monotonic() >= failure.until) return;
    if (failure.count >= mostFailures || scopes.every((scope) => failure.scopes.includes(scope))) throw failure.error;
  }

  #required({ scopes, isOver }: LoginNeed): LoginRequiredError {
    const server = shown(this.#parts.url);
    const current = this.#tokens.peek();
    if (current === undefined) return new LoginRequiredError(`A login is required at the MCP server ${server}.`);
    if (isOver?.(current)) {
      return new LoginRequiredError(
        `A login is required: the MCP server ${server} names another authorization server than the one that its tokens are from.`,
      );
    }
    const wanted = unionOf(scopesIn(current.scope), scopes).join(" ");
    return new LoginRequiredError(`A login is required: the MCP server ${server} wants the scope ${wanted}.`, {
      error: "insufficient_scope",
    });
  }
}

/** What a login has asked for, but for these scopes. */
function withoutScopes(binding: Binding | undefined, scopes: readonly string[]): Binding | undefined {
  return binding && { ...binding, scopes: binding.scopes.filter((scope) => !scopes.includes(scope)) };
}
