import { requireText, requireThat, requireWebCrypto, StoreError, storeKey, systemClock, type TokenStore } from "@tokenflight/core";
import { LoginError } from "../errors.ts";
import { waitingClock } from "../endpoint/waiting.ts";
import { askStore, unreadable, type SeenEntry } from "./ask-store.ts";
import { readCallbackUrl, stateOf, type CallbackUrl } from "./callback.ts";
import { readPendingLogin, type PendingLogin } from "./pending-login.ts";

/** Logins that have been begun and wait for their callbacks. `session` names one user's browser, as the id in its session cookie does. */
export interface PendingLogins {
  /**
   * Keeps a login, and replaces the one that this session began before.
   *
   * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
   * @throws StoreError (`ERR_STORE_*`).
   */
  keep(session: string, pending: PendingLogin): Promise<void>;
  /**
   * Removes and returns the login that this callback answers, for `exchangeCallback`. It is given once, however many processes ask for it; somebody else's
   * callback does not remove it.
   *
   * @throws LoginError (`ERR_LOGIN_FAILED`; "callback" or "used").
   * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
   * @throws StoreError (`ERR_STORE_*`).
   */
  take(session: string, callback: CallbackUrl): Promise<PendingLogin>;
}

/** How often an entry is read and written again because another writer was faster, and the milliseconds of the pause before that. */
const rounds = 100;
const pauses = { shortest: 1, longest: 50, growth: 1.5 };
/** Milliseconds for which an entry outlives its login, so that a callback that comes too late is told so. */
const afterwards = 60_000;

/** Keys of this process that are remembered until they are over, and how many of those one `keep` looks after. */
const mostRemembered = 10_000;
const mostSwept = 3;

/**
 * Keeps pending logins in a token store, for web servers of several processes or without sessions of their own. With `encryptedStore` nobody who reads the
 * store can finish a login. A login whose callback never comes leaves the store a minute after its end: by itself where the store lets entries expire, else
 * when the process that kept it keeps another one.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * const logins = pendingLogins(store);
 * await logins.keep(sessionId, pending);
 * // At the redirect URI:
 * await tokens.save(await client.exchangeCallback(request.url, await logins.take(sessionId, request.url)));
 * ```
 */
export function pendingLogins(store: TokenStore): PendingLogins {
  const isStore = typeof store?.read === "function" && typeof store.compareAndSet === "function";
  requireThat(isStore, "pendingLogins.store", "a token store", store);
  requireWebCrypto("pendingLogins.store");
  const keyOf = (session: string): Promise<string> => {
    requireText("session", session);
    return storeKey("pending login", session);
  };
  /** When the entries that this process has kept are over, by their keys. */
  const kept = new Map<string, number>();
  const read = (key: string): Promise<SeenEntry | undefined> => askStore((signal) => store.read(key, { signal }));
  const remember = (key: string, end: number): void => {
    kept.delete(key);
    kept.set(key, end);
    if (kept.size > mostRemembered) kept.delete(kept.keys().next().value as string);
  };
  /** Removes entries that are over. A store may have done it, or another process kept another login there. */
  const sweep = async (): Promise<void> => {
    // They are in the order in which they were kept, and most are over in that order.
    for (const [key, end] of firstOf(kept, mostSwept)) {
      if (end > systemClock.now()) return;
      kept.delete(key);
      await removeIfOver(key).catch(() => {});
    }
  };
  const removeIfOver = async (key: string): Promise<void> => {
    const seen = await read(key);
    if (seen === undefined || decode(seen.value).expiresAt + afterwards > systemClock.now()) return;
    await askStore((signal) => store.compareAndSet(key, seen.version, undefined, { signal }));
  };

  return {
    async keep(session, given) {
      const key = await keyOf(session);
      const pending = readPendingLogin("pending", given);
      const value = JSON.stringify(pending);
      await untilDone(async () => {
        const seen = await read(key).catch(unreadable);
        const ttl = Math.max(0, pending.expiresAt - systemClock.now()) + afterwards;
        return askStore((signal) => store.compareAndSet(key, seen?.version, value, { signal, ttl }));
      });
      remember(key, pending.expiresAt + afterwards);
      await sweep();
    },
    async take(session, callback) {
      const key = await keyOf(session);
      const state = stateOf(readCallbackUrl("callback", callback));
      return untilDone(async () => {
        const seen = await read(key);
        if (seen === undefined) throw new LoginError("used", "No login of this session waits for a callback: it serves once.");
        const pending = decode(seen.value);
        if (pending.state !== state) throw new LoginError("callback", "The callback does not answer this login: its state is another one.");
        const removed = await askStore((signal) => store.compareAndSet(key, seen.version, undefined, { signal }));
        if (removed === undefined) return undefined;
        kept.delete(key);
        return pending;
      });
    },
  };
}

/** The first entries, as they are now. */
function firstOf(kept: ReadonlyMap<string, number>, most: number): [key: string, end: number][] {
  const entries = kept.entries();
  return Array.from({ length: Math.min(most, kept.size) }, () => entries.next().value as [string, number]);
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

/** Throws StoreError without a cause, because an error of JSON.parse quotes what it could not read. */
function decode(value: string | undefined): PendingLogin {
  try {
    return readPendingLogin("pending", JSON.parse(value ?? "") as PendingLogin);
  } catch {
    throw new StoreError("ERR_STORE_RECORD_INVALID", "The store's entry is not a pending login.");
  }
}
