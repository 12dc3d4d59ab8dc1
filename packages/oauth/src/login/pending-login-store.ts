import { requireText, requireThat, StoreError, storeKey, systemClock, TokenflightError, waitFor, type TokenStore } from "@tokenflight/core";
import { waitingClock, within } from "../endpoint/endpoint-request.ts";
import { LoginError } from "../errors.ts";
import { readCallbackUrl, stateOf, type CallbackUrl } from "./callback.ts";
import { readPendingLogin, type PendingLogin } from "./pending-login.ts";

/** Logins that have been begun and wait for their callbacks. `session` names one user's browser, as the id in its session cookie does. */
export interface PendingLogins {
  /** Keeps a login, and replaces the one that this session began before. Rejects with InvalidOptionError and StoreError. */
  keep(session: string, pending: PendingLogin): Promise<void>;
  /**
   * Removes and returns the login that this callback answers, for `exchangeCallback`. It is given once, however many processes ask for it;
   * somebody else's callback does not remove it. Rejects with LoginError ("callback" or "used"), InvalidOptionError and StoreError.
   */
  take(session: string, callback: CallbackUrl): Promise<PendingLogin>;
}

/** Milliseconds for one operation of the store. */
const timeout = 2000;
/** How often an entry is read and written again because another writer was faster, and the milliseconds of the pause before that. */
const rounds = 100;
const pauses = { shortest: 1, longest: 50, growth: 1.5 };
/** Milliseconds for which an entry outlives its login, so that a callback that comes too late is told so. */
const afterwards = 60_000;

/** An entry as it was read. The value is undefined when it cannot be read. */
interface SeenEntry {
  readonly version: string;
  readonly value: string | undefined;
}

/**
 * Keeps pending logins in a token store, for web servers of several processes or without sessions of their own. With `encryptedStore`
 * nobody who reads the store can finish a login. A login whose callback never comes leaves the store a minute after its end, in a store that
 * lets entries expire. Throws InvalidOptionError.
 */
export function pendingLogins(store: TokenStore): PendingLogins {
  const isStore = typeof store?.read === "function" && typeof store.compareAndSet === "function";
  requireThat(isStore, "pendingLogins.store", "a token store", store);
  const keyOf = (session: string): Promise<string> => {
    requireText("session", session);
    return storeKey("pending login", session);
  };
  const read = (key: string): Promise<SeenEntry | undefined> => ask((signal) => store.read(key, { signal }));

  return {
    async keep(session, given) {
      const key = await keyOf(session);
      const pending = readPendingLogin("pending", given);
      const value = JSON.stringify(pending);
      await untilDone(async () => {
        const seen = await read(key).catch(unreadable);
        const ttl = Math.max(0, pending.expiresAt - systemClock.now()) + afterwards;
        return ask((signal) => store.compareAndSet(key, seen?.version, value, { signal, ttl }));
      });
    },
    async take(session, callback) {
      const key = await keyOf(session);
      const state = stateOf(readCallbackUrl("callback", callback));
      return untilDone(async () => {
        const seen = await read(key);
        if (seen === undefined) throw new LoginError("used", "No login of this session waits for a callback: it serves once.");
        const pending = decode(seen.value);
        if (pending.state !== state) throw new LoginError("callback", "The callback does not answer this login: its state is another one.");
        const removed = await ask((signal) => store.compareAndSet(key, seen.version, undefined, { signal }));
        return removed === undefined ? undefined : pending;
      });
    },
  };
}

/** Repeats what another writer was faster than, with pauses that grow. Rejects with StoreError when it never succeeds: the store is broken. */
async function untilDone<Result>(attempt: () => Promise<Result | undefined>): Promise<Result> {
  let longest = pauses.shortest;
  for (let round = 0; round < rounds; round += 1) {
    const done = await attempt();
    if (done !== undefined) return done;
    // Each writer waits for a random share of the pause, so that those who wait do not meet again.
    const pause = longest * systemClock.random();
    await new Promise<void>((resolve) => void waitingClock.schedule(resolve, pause));
    longest = Math.min(longest * pauses.growth, pauses.longest);
  }
  throw new StoreError("ERR_STORE_UNAVAILABLE", "The store refuses every write.");
}

/** An entry that cannot be read is replaced by its version, if the store told that. */
function unreadable(error: unknown): SeenEntry {
  const { version } = error as { version?: unknown };
  if (!isStoreError(error) || error.code !== "ERR_STORE_RECORD_INVALID" || typeof version !== "string") throw error;
  return { version, value: undefined };
}

/** Throws StoreError without a cause, because an error of JSON.parse quotes what it could not read. */
function decode(value: string | undefined): PendingLogin {
  try {
    return readPendingLogin("pending", JSON.parse(value ?? "") as PendingLogin);
  } catch {
    throw new StoreError("ERR_STORE_RECORD_INVALID", "The store's entry is not a pending login.");
  }
}

function ask<Answer>(operation: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
  return within(timeout, undefined, async (signal) => {
    try {
      return await waitFor(operation(signal), signal);
    } catch (cause) {
      if (isStoreError(cause)) throw cause;
      const message = signal.aborted ? `The store did not answer within ${timeout} ms.` : "The store failed; its error is the cause.";
      throw new StoreError("ERR_STORE_UNAVAILABLE", message, { cause });
    }
  });
}

/** Whether it is a store's own error, such as ERR_CLOSED, of whichever copy of core. */
function isStoreError(error: unknown): error is StoreError {
  return TokenflightError.is(error) && ["ERR_CLOSED", "ERR_STORE_RECORD_INVALID", "ERR_STORE_UNAVAILABLE"].includes(error.code);
}
