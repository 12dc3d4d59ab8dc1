import {
  InvalidOptionError,
  kindOf,
  requireText,
  StoreError,
  storeKey,
  systemClock,
  waitFor,
  withDeadline,
  type StoredEntry,
  type TokenStore,
} from "@tokenflight/core";
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

/**
 * Keeps pending logins in a token store, for web servers of several processes or without sessions of their own. With `encryptedStore`
 * nobody who reads the store can finish a login. An entry whose callback never comes stays until its session begins another login. Throws
 * InvalidOptionError.
 */
export function pendingLogins(store: TokenStore): PendingLogins {
  if (typeof store?.read !== "function" || typeof store.compareAndSet !== "function") {
    throw new InvalidOptionError("pendingLogins.store", "a token store", kindOf(store));
  }
  const keyOf = (session: string): Promise<string> => {
    requireText("session", session);
    return storeKey("pending login", session);
  };
  const read = (key: string): Promise<StoredEntry | undefined> => ask((signal) => store.read(key, { signal }));
  const replace = (key: string, seen: StoredEntry | undefined, value: string | undefined): Promise<string | undefined> =>
    ask((signal) => store.compareAndSet(key, seen?.version, value, { signal }));

  return {
    async keep(session, pending) {
      const key = await keyOf(session);
      const value = JSON.stringify(readPendingLogin("pending", pending));
      while ((await replace(key, await read(key), value)) === undefined);
    },
    async take(session, callback) {
      const key = await keyOf(session);
      const state = stateOf(readCallbackUrl("callback", callback));
      for (;;) {
        const entry = await read(key);
        if (entry === undefined) throw new LoginError("used", "No login of this session waits for a callback: it serves once.");
        const pending = decode(entry.value);
        if (pending.state !== state) throw new LoginError("callback", "The callback does not answer this login: its state is another one.");
        if ((await replace(key, entry, undefined)) !== undefined) return pending;
      }
    },
  };
}

/** Throws StoreError without a cause, because an error of JSON.parse quotes what it could not read. */
function decode(value: string): PendingLogin {
  try {
    return readPendingLogin("pending", JSON.parse(value) as PendingLogin);
  } catch {
    throw new StoreError("ERR_STORE_RECORD_INVALID", "The store's entry is not a pending login.");
  }
}

function ask<Answer>(operation: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
  return withDeadline(systemClock, timeout, undefined, async (signal) => {
    try {
      return await waitFor(operation(signal), signal);
    } catch (cause) {
      if (cause instanceof StoreError) throw cause;
      const message = signal.aborted ? `The store did not answer within ${timeout} ms.` : "The store failed; its error is the cause.";
      throw new StoreError("ERR_STORE_UNAVAILABLE", message, { cause });
    }
  });
}
