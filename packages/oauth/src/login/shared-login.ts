import {
  hasOwn,
  readOptions,
  requireFunction,
  requireText,
  requireThat,
  TokenflightError,
  type InitialTokens,
  type TokenCache,
  type TokenSet,
  type TokenStore,
} from "@tokenflight/core";
import { inTurn, requireStore, turnOptionNames, type TurnOptions, type TurnWork } from "./shared-turn.ts";

/** Logs the user in, as `loopbackLogin` or `deviceLogin` do. The signal aborts when nobody needs this login any more. */
export type LogIn = (signal: AbortSignal) => Promise<TokenSet | InitialTokens>;

/** What a shared login needs of a token cache. */
export type SharedCache = Pick<TokenCache, "get" | "save" | "reread" | "status"> & {
  /** Names whose logins these are, in the store. */
  readonly identity?: string | undefined;
};

/** `waiting`: its user may be told to look for the browser. */
export interface SharedLoginOptions extends TurnOptions {
  /** The token cache over the store that takes the tokens, or a login of `createLogin`. All processes have one for the same user. */
  tokens:
    | SharedCache
    | {
        /** The token cache of a login without a purpose of its own. */
        for(): SharedCache;
      };
  /**
   * Whether a login that was there before is replaced, as for another user or a wider scope. Default false: it is the result, if it is not over, and nobody
   * has to log in. With true, only a login counts that is finished after the call has begun. A function is asked about the token set that is there, whenever it
   * came: one with a scope that is too narrow may have been replaced by another process already.
   */
  replace?: boolean | ((current: TokenSet) => boolean) | undefined;
}

/**
 * Logs a user in once for all processes that ask at the same time and share the store: one of them calls `login`, saves the tokens, and all resolve to the
 * token set of their own cache. They are saved by then: nobody saves them again. `key` names the user, as in the cache.
 *
 * A process that ends loses its turn to the next one, and so does one that gives no sign of life for 15 seconds, as when it was stopped; if its user comes
 * back all the same, that login counts for all. A login that fails ends the turn, and its own caller is told; the others may take the turn.
 *
 * @throws what `login` rejects with, and what the cache rejects with.
 * @throws LoginError (`ERR_LOGIN_FAILED`; "expired", "aborted", "refused").
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @throws StoreError (`ERR_STORE_*`).
 * @example
 * ```ts
 * const logIn = (signal: AbortSignal) => loopbackLogin(client, { scope: "openid orders", signal });
 * const tokenSet = await sharedLogin(store, "alice", logIn, { tokens });
 * ```
 */
export async function sharedLogin(store: TokenStore, key: string, login: LogIn, options: SharedLoginOptions): Promise<TokenSet> {
  const where = "sharedLogin";
  requireStore(where, store);
  requireText(`${where}.key`, key);
  requireFunction(`${where}.login`, login);
  const read = readOptions<SharedLoginOptions>(where, options, ["tokens", "replace", ...turnOptionNames]);
  const { replace = false } = read;
  requireThat(typeof replace === "boolean" || typeof replace === "function", `${where}.replace`, "true, false or a function", replace);
  const tokens = cacheOf(`${where}.tokens`, read.tokens);
  const name = `shared login of ${identityOf(tokens) ?? ""}`;
  const work = workOf(tokens, login, replace);
  const found = await inTurn({ where, store, name, key, work, options: read, late: "Nobody has logged in in time." });
  // A login that gives nothing but a refresh token.
  return found.accessToken === "" ? tokens.get({ signal: read.signal }) : found;
}

function workOf(
  tokens: SharedCache,
  login: LogIn,
  replace: boolean | ((current: TokenSet) => boolean),
): TurnWork<TokenSet | InitialTokens, TokenSet> {
  return {
    async find(isDone, ending) {
      if (replace === true && !isDone) return undefined;
      const current = await currentTokens(tokens, ending);
      return current !== undefined && typeof replace === "function" && replace(current) ? undefined : current;
    },
    make: login,
    keep: (given) => tokens.save(given),
  };
}

function cacheOf(where: string, given: SharedLoginOptions["tokens"]): SharedCache {
  const tokens = hasFor(given) ? given.for() : given;
  for (const name of ["get", "save", "reread", "status"] as const) requireFunction(`${where}.${name}`, tokens?.[name]);
  return tokens;
}

/** Whose logins these are; undefined for a cache that does not say. */
function identityOf(tokens: SharedCache): string | undefined {
  const identity: unknown = hasOwn(tokens, "identity") ? tokens.identity : undefined;
  return typeof identity === "string" ? identity : undefined;
}

function hasFor(given: SharedLoginOptions["tokens"]): given is { for(): SharedCache } {
  return typeof given === "object" && given !== null && hasOwn(given, "for");
}

/** The tokens of a login that is not over. Rejects with what the cache rejects with. */
async function currentTokens(tokens: SharedCache, ending: AbortSignal): Promise<TokenSet | undefined> {
  try {
    await tokens.reread();
    return tokens.status().state === "logged-in" ? await tokens.get({ signal: ending }) : undefined;
  } catch (error) {
    const { code, version } = error as { code?: unknown; version?: unknown };
    // What cannot be read, and may be replaced, is no login.
    const isUnreadable = code === "ERR_STORE_RECORD_INVALID" && version !== undefined;
    if (TokenflightError.is(error) && (isUnreadable || code === "ERR_LOGIN_REQUIRED")) return undefined;
    throw error;
  }
}
