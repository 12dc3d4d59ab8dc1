import {
  anySignal,
  throwIfAborted,
  TokenflightError,
  waitFor,
  type InitialTokens,
  type TokenCache,
  type TokenSet,
} from "@tokenflight/core";
import { isStoreError } from "./ask-store.ts";
import type { SeenTurn, TurnEntry } from "./login-turn.ts";

/** Logs the user in, as `loopbackLogin` or `deviceLogin` do. The signal aborts when nobody needs this login any more. */
export type LogIn = (signal: AbortSignal) => Promise<TokenSet | InitialTokens>;

export type SharedCache = Pick<TokenCache, "get" | "save" | "reread" | "status"> & { readonly identity?: string | undefined };

/** How often a turn that is over is written when somebody else writes there, too. */
const attempts = 5;

export interface TurnParts {
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

/** Logs the user in. Resolves to undefined when another process has finished a login meanwhile. */
export async function takeTurn(parts: TurnParts): Promise<TokenSet | undefined> {
  const { entry, tokens, login, ending, id } = parts;
  const over = new AbortController();
  let isElsewhere = false;
  const look = async (isDue: boolean): Promise<void> => {
    const seen = await entry.read();
    const { owner } = seen.turn;
    isElsewhere = isDone(parts, seen);
    if (isElsewhere) over.abort();
    // Whoever has taken over lets this login go on, and the first one that is finished counts.
    else if (owner === undefined || (owner === id && isDue)) await entry.claim(seen, id);
  };
  const signal = anySignal([ending, over.signal]);
  const watching = entry.keepWatch(look, signal);
  /** What is written from here on is not to be taken for somebody else's. */
  const stopWatching = (): Promise<void> => {
    over.abort();
    return watching;
  };
  try {
    const given = await waitFor((async () => login(signal))(), signal);
    await stopWatching();
    const theirs = await finishFirst(parts).catch((error: unknown) => {
      // The user has logged in: the tokens are saved, though nobody knows then whether they are the first.
      if (ending.aborted || !isStoreError(error)) throw error;
      return undefined;
    });
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
async function finishFirst(parts: TurnParts): Promise<TokenSet | undefined> {
  const { entry, ending, id } = parts;
  for (;;) {
    throwIfAborted(ending);
    const seen = await entry.read();
    const theirs = isDone(parts, seen) ? await currentTokens(parts) : undefined;
    if (theirs !== undefined) return theirs;
    const { owner, isFinishing } = seen.turn;
    const isElsewhere = isFinishing === true && owner !== id;
    if (isElsewhere && !(await entry.isGoneAfterWaiting(seen, ending))) continue;
    if ((await entry.claim(seen, id, true)) !== undefined) return undefined;
  }
}

/** Writes that the turn is over, with the name of the login when it was finished. If that fails, the others find out when this process ends. */
async function leave({ entry, id }: TurnParts, finished: string | undefined): Promise<void> {
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
export function isDone({ first }: TurnParts, { turn }: SeenTurn): boolean {
  return turn.done !== undefined && turn.done !== first.turn.done;
}

/** The tokens of a login that is not over. Rejects with what the cache rejects with. */
export async function currentTokens({ tokens, ending }: TurnParts): Promise<TokenSet | undefined> {
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
