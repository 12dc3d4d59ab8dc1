import {
  readOptions,
  requireFunction,
  requireSeconds,
  requireSignal,
  requireText,
  requireThat,
  TokenflightError,
  waitFor,
  withDeadline,
  type InitialTokens,
  type TokenCache,
  type TokenSet,
  type TokenStore,
} from "@tokenflight/core";
import { waitingClock, type WaitingClock } from "../endpoint/endpoint-request.ts";
import { LoginError } from "../errors.ts";
import { TurnEntry, type SeenTurn } from "./login-turn.ts";

/** Logs the user in, as `loopbackLogin` or `deviceLogin` do. The signal aborts when nobody needs this login any more. */
export type LogIn = (signal: AbortSignal) => Promise<TokenSet | InitialTokens>;

type SharedCache = Pick<TokenCache, "get" | "save" | "reread" | "status"> & { readonly identity?: string | undefined };

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

/** How often a turn that is over is written when somebody else writes there, too. */
const attempts = 5;

interface Parts {
  readonly entry: TurnEntry;
  readonly tokens: SharedCache;
  readonly login: LogIn;
  /** Names this call. */
  readonly id: string;
  /** What stood there when it began. */
  readonly first: SeenTurn;
  /** Aborts when the call has to end. */
  readonly ending: AbortSignal;
}

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
      ending.throwIfAborted();
      const entry = await TurnEntry.of(store, key, identityOf(tokens), clock);
      const parts = { entry, tokens, login, id: crypto.randomUUID(), first: await entry.read(), ending };
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
  const identity: unknown = Object.hasOwn(tokens, "identity") ? tokens.identity : undefined;
  return typeof identity === "string" ? identity : undefined;
}

function hasFor(given: SharedLoginOptions["tokens"]): given is { for(): SharedCache } {
  return typeof given === "object" && given !== null && Object.hasOwn(given, "for");
}

async function untilLoggedIn(parts: Parts, replace: boolean, waiting: (() => void) | undefined): Promise<TokenSet> {
  const { entry, ending, id } = parts;
  let wasTold = false;
  for (let seen = parts.first; ; seen = await entry.read()) {
    ending.throwIfAborted();
    // What is seen is older than what is found, so that a turn which ends in between is not taken for one that is free.
    const found = !replace || isDone(parts, seen) ? await currentTokens(parts) : undefined;
    if (found !== undefined) return found;
    if (seen.turn.owner !== undefined) {
      if (!wasTold) waiting?.();
      wasTold = true;
      if (!(await entry.isGoneAfterWaiting(seen, ending))) continue;
    }
    const { done } = seen.turn;
    const claim = await entry.replace(seen, { owner: id, holder: await entry.holder(), done });
    const obtained = claim === undefined ? undefined : await takeTurn(parts);
    if (obtained !== undefined) return obtained;
  }
}

/** Logs the user in. Resolves to undefined when another process has finished a login meanwhile. */
async function takeTurn(parts: Parts): Promise<TokenSet | undefined> {
  const { entry, tokens, login, ending, id } = parts;
  const over = new AbortController();
  let isElsewhere = false;
  const look = async (isDue: boolean): Promise<void> => {
    const seen = await entry.read();
    const { owner, done } = seen.turn;
    isElsewhere = isDone(parts, seen);
    if (isElsewhere) over.abort();
    // Whoever has taken over lets this login go on, and the first one that is finished counts.
    else if (owner === undefined || (owner === id && isDue)) await entry.replace(seen, { owner: id, holder: await entry.holder(), done });
  };
  const signal = AbortSignal.any([ending, over.signal]);
  const watching = entry.keepWatch(look, signal);
  /** What is written from here on is not to be taken for somebody else's. */
  const stopWatching = (): Promise<void> => {
    over.abort();
    return watching;
  };
  try {
    const given = await waitFor((async () => login(signal))(), signal);
    await stopWatching();
    const theirs = await finishFirst(parts);
    if (theirs !== undefined) return theirs;
    const saved = await tokens.save(given);
    await leave(parts, id);
    // A login that gives nothing but a refresh token.
    return saved.accessToken === "" ? await tokens.get({ signal: ending }) : saved;
  } catch (error) {
    await stopWatching();
    if (isElsewhere && !ending.aborted) return undefined;
    await leave(parts, undefined);
    throw error;
  } finally {
    await stopWatching();
  }
}

/**
 * Writes that this login is about to be saved, so that of two whose users come back at the same time one is. Resolves to the tokens of another process, if
 * that one was first.
 */
async function finishFirst(parts: Parts): Promise<TokenSet | undefined> {
  const { entry, ending, id } = parts;
  for (;;) {
    ending.throwIfAborted();
    const seen = await entry.read();
    const theirs = isDone(parts, seen) ? await currentTokens(parts) : undefined;
    if (theirs !== undefined) return theirs;
    const { owner, isFinishing, done } = seen.turn;
    const isElsewhere = isFinishing === true && owner !== id;
    if (isElsewhere && !(await entry.isGoneAfterWaiting(seen, ending))) continue;
    if ((await entry.replace(seen, { owner: id, holder: await entry.holder(), done, isFinishing: true })) !== undefined) return undefined;
  }
}

/** Writes that the turn is over, with the name of the login when it was finished. If that fails, the others find out when this process ends. */
async function leave({ entry, id }: Parts, finished: string | undefined): Promise<void> {
  try {
    for (let left = attempts; left > 0; left -= 1) {
      const seen = await entry.read();
      // Whoever has taken over has the turn still, unless this login is what it was for.
      if (finished === undefined && seen.turn.owner !== id) return;
      if ((await entry.replace(seen, { done: finished ?? seen.turn.done })) !== undefined) return;
    }
  } catch {
    // The tokens are what counts.
  }
}

/** Whether somebody has finished a login since this call began. */
function isDone({ first }: Parts, { turn }: SeenTurn): boolean {
  return turn.done !== undefined && turn.done !== first.turn.done;
}

/** The tokens of a login that is not over. Rejects with what the cache rejects with. */
async function currentTokens({ tokens, ending }: Parts): Promise<TokenSet | undefined> {
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
