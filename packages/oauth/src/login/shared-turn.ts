import {
  randomId,
  readOptions,
  requireFunction,
  requireOneOf,
  requireTimeout,
  requireSignal,
  requireText,
  requireThat,
  requireWebCrypto,
  throwIfAborted,
  withDeadline,
  type TokenStore,
} from "@tokenflight/core";
import { LoginError } from "../errors.ts";
import { waitingClock, type WaitingClock } from "../endpoint/waiting.ts";
import { TurnEntry, type SeenTurn } from "./login-turn.ts";
import { findLeft, isDone, takeTurn, type TurnParts, type TurnWork } from "./take-turn.ts";

export type { TurnWork } from "./take-turn.ts";

/** How one call waits for its turn. */
export interface TurnOptions {
  /** Is called once, when another process has the turn. Default: nobody is told. */
  waiting?: (() => void) | undefined;
  /**
   * What becomes of a call that waits for a turn which its user says no to: "take" takes the turn and asks again, the default; "reject" rejects with that no, a
   * LoginError, "refused", so that several processes ask a user once.
   */
  afterRefusal?: "take" | "reject" | undefined;
  /** Seconds for the whole call, the turns of others included. Default 600. */
  timeout?: number | undefined;
  /** Ends the call, and the work if this process has the turn. Default: none. */
  signal?: AbortSignal | undefined;
  /** Measures the waits. Default: the system's clock, which keeps the process alive meanwhile. */
  clock?: WaitingClock | undefined;
}

export const turnOptionNames = ["waiting", "afterRefusal", "timeout", "signal", "clock"] as const;

/**
 * Does something once for all processes that want it at the same time and share the store, such as registering a client: one of them has the turn and does it,
 * and all resolve to what each finds then. `name` says what it is, and `key` for whom.
 *
 * A process that ends loses its turn to the next one, and so does one that gives no sign of life for 15 seconds, as when it was stopped; what it makes all
 * the same counts, if it is first. Work that fails ends the turn, and its own caller is told; the others may take the turn.
 *
 * @throws what the work rejects with.
 * @throws LoginError (`ERR_LOGIN_FAILED`; "expired", "aborted", "refused").
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @throws StoreError (`ERR_STORE_*`).
 */
export async function sharedTurn<Made, Result>(
  store: TokenStore,
  name: string,
  key: string,
  work: TurnWork<Made, Result>,
  options: TurnOptions = {},
): Promise<Result> {
  const where = "sharedTurn";
  requireStore(where, store);
  requireText(`${where}.name`, name);
  requireText(`${where}.key`, key);
  for (const method of ["find", "make", "keep"] as const) requireFunction(`${where}.work.${method}`, work?.[method]);
  const read = readOptions<TurnOptions>(where, options, turnOptionNames);
  return inTurn({ where, store, name, key, work, options: read, late: "It was not done in time." });
}

/** Throws InvalidOptionError. */
export function requireStore(where: string, store: TokenStore): void {
  const isStore = typeof store?.read === "function" && typeof store.compareAndSet === "function";
  requireThat(isStore, `${where}.store`, "a token store", store);
  requireWebCrypto(`${where}.store`);
}

export interface TurnCall<Made, Result> {
  /** Begins the names of options in messages. */
  readonly where: string;
  readonly store: TokenStore;
  readonly name: string;
  readonly key: string;
  readonly work: TurnWork<Made, Result>;
  /** Own properties only. */
  readonly options: TurnOptions;
  /** The message of a call that has taken too long. */
  readonly late: string;
}

/** Rejects with InvalidOptionError for options that it cannot use, and as `sharedTurn` does. */
export async function inTurn<Made, Result>({ where, store, name, key, work, options, late }: TurnCall<Made, Result>): Promise<Result> {
  const { waiting, afterRefusal = "take", timeout = 600, signal, clock = waitingClock } = options;
  if (waiting !== undefined) requireFunction(`${where}.waiting`, waiting);
  requireOneOf(`${where}.afterRefusal`, afterRefusal, ["take", "reject"]);
  requireTimeout(`${where}.timeout`, timeout, Number.POSITIVE_INFINITY);
  requireSignal(`${where}.signal`, signal);
  return withDeadline(clock, timeout * 1000, signal, async (ending) => {
    try {
      throwIfAborted(ending);
      const entry = await TurnEntry.of(store, key, name, clock);
      const parts: TurnParts<Made, Result> = { entry, work, id: randomId(), first: await entry.read(), ending };
      return await untilDone(parts, afterRefusal === "reject", waiting);
    } catch (error) {
      if (signal?.aborted) throw new LoginError("aborted", "The login was ended by its signal.");
      throw ending.aborted ? new LoginError("expired", late, { cause: error }) : error;
    }
  });
}

async function untilDone<Made, Result>(
  parts: TurnParts<Made, Result>,
  sharesRefusals: boolean,
  waiting: (() => void) | undefined,
): Promise<Result> {
  const { entry, work, ending, id } = parts;
  /** The turn that was waited for last. */
  let awaited: string | undefined;
  for (let seen: SeenTurn = parts.first; ; seen = await entry.read()) {
    throwIfAborted(ending);
    // What is seen is older than what is found, so that a turn which ends in between is not taken for one that is free.
    const found = await work.find(isDone(parts, seen), ending);
    if (found !== undefined) return found;
    const { owner, refused } = seen.turn;
    if (sharesRefusals && awaited !== undefined && refused === awaited) {
      throw new LoginError("refused", "The login was refused in the window that another process has opened.");
    }
    if (owner !== undefined) {
      if (awaited === undefined) waiting?.();
      awaited = owner;
      if (!(await entry.isGoneAfterWaiting(seen, ending))) continue;
      const left = await findLeft(parts, seen);
      if (left !== undefined) return left;
    }
    const made = (await entry.claim(seen, id)) === undefined ? undefined : await takeTurn(parts);
    if (made !== undefined) return made;
  }
}
