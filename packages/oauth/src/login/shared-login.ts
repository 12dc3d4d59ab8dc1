import {
  hasOwn,
  randomId,
  readOptions,
  requireFunction,
  requireSeconds,
  requireSignal,
  requireText,
  requireThat,
  requireWebCrypto,
  throwIfAborted,
  withDeadline,
  type TokenSet,
  type TokenStore,
} from "@tokenflight/core";
import { LoginError } from "../errors.ts";
import { waitingClock, type WaitingClock } from "../endpoint/waiting.ts";
import { TurnEntry } from "./login-turn.ts";
import { currentTokens, isDone, takeTurn, type LogIn, type SharedCache, type TurnParts } from "./take-turn.ts";

export type { LogIn } from "./take-turn.ts";

export interface SharedLoginOptions {
  /** The token cache over the store that takes the tokens, or a login of `createLogin`. All processes have one for the same user. */
  tokens: SharedCache | { for(): SharedCache };
  /**
   * Whether a login that was there before is replaced, as for another user or a wider scope. Default false: it is the result, if it is not over, and nobody
   * has to log in.
   */
  replace?: boolean | undefined;
  /** Is called once, when another process has the turn: its user may be told to look for the browser. */
  waiting?: (() => void) | undefined;
  /** Seconds for the whole call, the turns of others included. Default 600. */
  timeout?: number | undefined;
  /** Ends the call, and the login if this process has the turn. */
  signal?: AbortSignal | undefined;
  /** Measures the waits. Default: the system's clock, which keeps the process alive meanwhile. */
  clock?: WaitingClock | undefined;
}

const optionNames = ["tokens", "replace", "waiting", "timeout", "signal", "clock"] as const;

/**
 * Logs a user in once for all processes that ask at the same time and share the store: one of them calls `login`, saves the tokens, and all resolve to the
 * token set of their own cache. They are saved by then: nobody saves them again. `key` names the user, as in the cache.
 *
 * A process that ends loses its turn to the next one, and so does one that gives no sign of life for 15 seconds, as when it was stopped; if its user comes back
 * all the same, that login counts for all. A login that fails ends the turn, and its own caller is told; the others may take the turn. Rejects with what
 * `login` rejects with, LoginError ("expired", "aborted"), InvalidOptionError, StoreError, and what the cache rejects with.
 */
export async function sharedLogin(store: TokenStore, key: string, login: LogIn, options: SharedLoginOptions): Promise<TokenSet> {
  const where = "sharedLogin";
  const isStore = typeof store?.read === "function" && typeof store.compareAndSet === "function";
  requireThat(isStore, `${where}.store`, "a token store", store);
  requireWebCrypto(`${where}.store`);
  requireText(`${where}.key`, key);
  requireFunction(`${where}.login`, login);
  const read = readOptions<SharedLoginOptions>(where, options, optionNames);
  const { replace = false, waiting, timeout = 600, signal, clock = waitingClock } = read;
  requireThat(typeof replace === "boolean", `${where}.replace`, "true or false", replace);
  if (waiting !== undefined) requireFunction(`${where}.waiting`, waiting);
  requireSeconds(`${where}.timeout`, timeout);
  requireSignal(`${where}.signal`, signal);
  const tokens = cacheOf(`${where}.tokens`, read.tokens);
  return withDeadline(clock, timeout * 1000, signal, async (ending) => {
    try {
      throwIfAborted(ending);
      const entry = await TurnEntry.of(store, key, identityOf(tokens), clock);
      const parts: TurnParts = { entry, tokens, login, id: randomId(), first: await entry.read(), ending };
      return await untilLoggedIn(parts, replace, waiting);
    } catch (error) {
      if (signal?.aborted) throw new LoginError("aborted", "The login was ended by its signal.");
      throw ending.aborted ? new LoginError("expired", "Nobody has logged in in time.", { cause: error }) : error;
    }
  });
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

async function untilLoggedIn(parts: TurnParts, replace: boolean, waiting: (() => void) | undefined): Promise<TokenSet> {
  const { entry, ending, id } = parts;
  let wasTold = false;
  for (let seen = parts.first; ; seen = await entry.read()) {
    throwIfAborted(ending);
    // What is seen is older than what is found, so that a turn which ends in between is not taken for one that is free.
    const found = !replace || isDone(parts, seen) ? await currentTokens(parts) : undefined;
    if (found !== undefined) return found;
    if (seen.turn.owner !== undefined) {
      if (!wasTold) waiting?.();
      wasTold = true;
      if (!(await entry.isGoneAfterWaiting(seen, ending))) continue;
    }
    const obtained = (await entry.claim(seen, id)) === undefined ? undefined : await takeTurn(parts);
    if (obtained !== undefined) return obtained;
  }
}
