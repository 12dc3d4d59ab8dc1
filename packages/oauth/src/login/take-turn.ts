import { anySignal, throwIfAborted, waitFor } from "@tokenflight/core";
import { LoginError } from "../errors.ts";
import { isStoreError } from "./ask-store.ts";
import type { SeenTurn, TurnEntry } from "./login-turn.ts";

/** What is done in turns: how it is found where somebody has done it, how it is made, and how it is kept for all. */
export interface TurnWork<Made, Result> {
  /** What is there already; undefined where it has to be made. `isDone`: somebody has finished a turn since this call began. `ending` aborts when the call has to end. */
  find(isDone: boolean, ending: AbortSignal): Promise<Result | undefined>;
  /** Is called by whoever has the turn. The signal aborts when nobody needs it any more. */
  make(signal: AbortSignal): Promise<Made>;
  /** Keeps what was made, for all. */
  keep(made: Made): Promise<Result>;
}

/** How often a turn that is over is written when somebody else writes there, too. */
const attempts = 5;

export interface TurnParts<Made, Result> {
  readonly entry: TurnEntry;
  readonly work: TurnWork<Made, Result>;
  /** Names this call. */
  readonly id: string;
  /** What stood there when it began. */
  readonly first: SeenTurn;
  /** Aborts when the call has to end. */
  readonly ending: AbortSignal;
}

/** Does the work. Resolves to undefined when another process has finished it meanwhile. */
export async function takeTurn<Made, Result>(parts: TurnParts<Made, Result>): Promise<Result | undefined> {
  const { entry, work, ending, id } = parts;
  const over = new AbortController();
  let isElsewhere = false;
  const look = async (isDue: boolean): Promise<void> => {
    const seen = await entry.read();
    const { owner } = seen.turn;
    isElsewhere = isDone(parts, seen);
    if (isElsewhere) over.abort();
    // Whoever has taken over lets this turn go on, and the first one that is finished counts.
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
    const made = await waitFor((async () => work.make(signal))(), signal);
    await stopWatching();
    const theirs = await finishFirst(parts).catch((error: unknown) => {
      // What a user has logged in for is kept, though nobody knows then whether it is the first.
      if (ending.aborted || !isStoreError(error)) throw error;
      return undefined;
    });
    if (theirs !== undefined) return theirs;
    const result = await work.keep(made);
    await leave(parts, "done");
    return result;
  } catch (error) {
    await stopWatching();
    if (isElsewhere && !ending.aborted) return undefined;
    await leave(parts, error instanceof LoginError && error.reason === "refused" ? "refused" : undefined);
    throw error;
  } finally {
    await stopWatching();
  }
}

/**
 * Writes that what was made is about to be kept, so that of two who finish at the same time one does. Resolves to the result of another process, if that one
 * was first.
 */
async function finishFirst<Made, Result>(parts: TurnParts<Made, Result>): Promise<Result | undefined> {
  const { entry, work, ending, id } = parts;
  for (;;) {
    throwIfAborted(ending);
    const seen = await entry.read();
    const theirs = isDone(parts, seen) ? await work.find(true, ending) : undefined;
    if (theirs !== undefined) return theirs;
    const { owner, isFinishing } = seen.turn;
    const isElsewhere = isFinishing === true && owner !== id;
    if (isElsewhere) {
      if (!(await entry.isGoneAfterWaiting(seen, ending))) continue;
      // That nothing can be found is no reason to lose what was made here.
      const left = await findLeft(parts, seen).catch(() => undefined);
      if (left !== undefined) return left;
    }
    if ((await entry.claim(seen, id, true)) !== undefined) return undefined;
  }
}

/** What an owner that is gone has left: it may have ended after it had kept what it made, and before it could say so. */
export function findLeft<Made, Result>(parts: TurnParts<Made, Result>, seen: SeenTurn): Promise<Result | undefined> {
  return parts.work.find(isDone(parts, seen), parts.ending);
}

/** Writes that the turn is over, and how it has ended. If that fails, the others find out when this process ends. */
async function leave<Made, Result>({ entry, id }: TurnParts<Made, Result>, end: "done" | "refused" | undefined): Promise<void> {
  try {
    for (let left = attempts; left > 0; left -= 1) {
      const seen = await entry.read();
      // Whoever has taken over has the turn still, unless this turn has brought what it was for.
      if (end !== "done" && seen.turn.owner !== id) return;
      const { done, refused } = seen.turn;
      const turn = { done: end === "done" ? id : done, refused: end === "refused" ? id : refused };
      if ((await entry.replace(seen, turn)) !== undefined) return;
    }
  } catch {
    // What was kept is what counts.
  }
}

/** Whether somebody has finished a turn since this call began. */
export function isDone<Made, Result>({ first }: TurnParts<Made, Result>, { turn }: SeenTurn): boolean {
  return turn.done !== undefined && turn.done !== first.turn.done;
}
