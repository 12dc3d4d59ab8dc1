import { hasOwn } from "../platform/own.ts";
import { requireWebCrypto } from "../options.ts";
import type { AsyncDisposal } from "../platform/disposal.ts";

/** Opaque; changes with every write of an entry. */
export type Version = string;

/** An entry of a store, as it was read. */
export interface StoredEntry {
  /** Names this state of the entry. */
  version: Version;
  /** What was written. */
  value: string;
}

/** How one operation is carried out. */
export interface StoreOptions {
  /** Ends the operation: it rejects with the signal's reason, and whether it was carried out is unknown. Default: none. */
  signal?: AbortSignal | undefined;
}

/** What a store is told with a write. */
export interface WriteOptions extends StoreOptions {
  /** Milliseconds from now after which the entry is of no use any more, so that the store may remove it. Default: never. */
  ttl?: number | undefined;
  /**
   * What the entry stands for, without showing it: handed on to `watchAll` as it is. Two writes with the same mark differ in nothing that a listener
   * needs to know. Default: none.
   */
  mark?: string | undefined;
}

/** Is told that entries may have changed: one of them, with its version and mark where they are known, or any when nothing is said. */
export type ChangeListener = (key?: string, version?: Version, mark?: string) => void;

/**
 * Where processes share token sets. A read sees every acknowledged write (linearizable), and an acknowledged write stays.
 *
 * Only `read` and `compareAndSet` are needed. A store that wraps another one passes on what else the other one has.
 */
export interface TokenStore extends Partial<AsyncDisposal> {
  /**
   * Seconds that a token cache waits for an operation where its program says nothing (`timeouts.store`). Default: 1. For a store that takes longer at times,
   * and is not away then. A property of the store's own, not of its prototype.
   */
  readonly operationTimeout?: number | undefined;
  /**
   * The entry as it is now; undefined when there is none.
   *
   * @throws StoreError (`ERR_STORE_RECORD_INVALID`) for an entry that cannot be read; its `version` makes the entry replaceable.
   */
  read(key: string, options?: StoreOptions): Promise<StoredEntry | undefined>;
  /**
   * Writes `value` (deletes the entry when it is undefined) if the entry still has the version `expected`, where undefined means
   * that there is no entry. Resolves to the new version, or to undefined when somebody was faster.
   */
  compareAndSet(
    key: string,
    expected: Version | undefined,
    value: string | undefined,
    options?: WriteOptions,
  ): Promise<Version | undefined>;
  /** Calls back when the entry may have changed, until the returned function is called. A hint: polling finds the change without it. */
  watch?(key: string, changed: () => void): () => void;
  /**
   * Calls back when any entry may have changed, whoever wrote it, until the returned function is called. Caches that share the store hear of
   * logins and logouts by it. It does not keep the process alive, and costs one subscription or timer, however many entries there are.
   */
  watchAll?(changed: ChangeListener): () => void;
  /**
   * A cache is in the middle of something whose result has to be written, until `work` settles, which it does in any case: `close` waits for it.
   *
   * @throws StoreError (`ERR_CLOSED`) once `close` was called, so that nothing new begins.
   */
  keepOpen?(work: Promise<unknown>): void;
  /**
   * A name for the process or thread that asks, by which others can learn whether it has ended. The same one until it ends or `close` is called. Who needs it
   * for long asks again every few seconds, or tells `keepOpen` of its work: a store may let go of it otherwise.
   */
  holder?(): Promise<string>;
  /** Whether the holder of this name has ended, as the operating system knows. False while it lives, be it stopped, and when nobody knows. */
  isGone?(holder: string): Promise<boolean>;
  /**
   * Why operations are not answered, as far as the store knows: such as the last error of its connection, without any secret. It becomes the cause
   * of the error of an operation that took too long.
   */
  trouble?(): Error | undefined;
  /** Waits for the work that `keepOpen` was told of, then ends. Operations that come later reject with a StoreError, ERR_CLOSED. */
  close?(): Promise<void>;
}

/** A store for `await using`. */
export type DisposableStore = TokenStore & AsyncDisposal;

/**
 * SHA-256 of the canonical form of identity and key, so that no two subjects share an entry, whatever characters their names have.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 */
export async function storeKey(identity: string | undefined, key: string): Promise<string> {
  requireWebCrypto("storeKey");
  const canonical = new TextEncoder().encode(JSON.stringify([identity ?? null, key]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", canonical));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The signal of an operation, read as an own property. */
export function signalOf(options: StoreOptions | undefined): AbortSignal | undefined {
  return options !== undefined && hasOwn(options, "signal") ? options.signal : undefined;
}

/** Milliseconds after which an entry may be removed, one at least; undefined for never. For stores: a polluted prototype ends nothing. */
export function ttlOf(options: WriteOptions | undefined): number | undefined {
  const ttl = options !== undefined && hasOwn(options, "ttl") ? options.ttl : undefined;
  return Number.isFinite(ttl) ? Math.max(1, ttl as number) : undefined;
}
