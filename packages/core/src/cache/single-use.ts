import type { Clock } from "../clock/clock.ts";
import { StoreError } from "../errors/refresh-errors.ts";
import { guarded, type Observer } from "../events.ts";
import { ownOnly, ownOption } from "../platform/own.ts";
import { emptyRecord, type SubjectRecord } from "../record/record.ts";
import { StoreCell, type StoreAccess } from "../refresh/store-cell.ts";
import type { VersionedRecord } from "../refresh/cell.ts";
import type { SubjectParts } from "../refresh/refresh.ts";
import type { TokenStore } from "../store/store.ts";
import type { TokenSet } from "../tokens/token-set.ts";
import type { TokenSource } from "../tokens/token-source.ts";
import { readShared, type SharedOptions } from "./create-token-cache.ts";
import { SubjectRefreshes } from "./subject-refreshes.ts";

export { noteOf, withNote, type FailureNote } from "../record/failure-note.ts";

/** The options of a use: those of a token cache that it has, too. */
export type SingleUseOptions = Pick<SharedOptions, "timeouts" | "keepAlive" | "clock">;

/** Something that may be used once. */
export interface OneUse {
  /** Its entry is there, under this name. */
  readonly store: TokenStore;
  /** The name of the entry. */
  readonly name: string;
  /** Uses it. `spendsRefreshToken` is "own". */
  readonly source: TokenSource;
  /** Is told what happens; what it throws is ignored. */
  readonly observe: Observer;
  /**
   * Whether a refusal with this note is about whoever asks the source here next. One that is not is no reason to wait, or to give up. Default: each is. A
   * failure that leaves it open whether something was used concerns everybody.
   */
  readonly concerns?: ((note: string) => boolean) | undefined;
}

/** What a use has brought. */
export interface Brought {
  /** What the source gave. */
  readonly tokenSet: TokenSet;
  /** Whether it came while the caller was waiting, by whoever's use. */
  readonly isNew: boolean;
}

/**
 * Uses of what may be used once, such as a refresh token that another library sends: the refresh transaction, without a token cache around it. What the source
 * gives is kept in the store for as long as its expiry says. A failure is no end, whatever it is: with a note (`withNote`) it is handed to all who wait.
 */
export class SingleUses {
  /** Measures every wait. */
  readonly clock: Clock;
  /** Milliseconds after which nobody waits for an answer any more. */
  readonly longest: number;
  readonly #shared: ReturnType<typeof readShared>;
  readonly #timeout: number;

  /** Throws InvalidOptionError. `store` is the one in which the entries are, in the end. */
  constructor(options: SingleUseOptions, store: TokenStore) {
    this.#shared = readShared(ownOnly({ ...options, store, freshness: { jwtExpiry: false } }));
    this.clock = this.#shared.clock;
    this.longest = this.#shared.limits.slotTimeout;
    this.#timeout = (this.#shared.access as StoreAccess).timeout;
  }

  /** One use by its name. No promise is made until something is asked of it. */
  of(use: OneUse): SingleUse {
    const { store, source } = use;
    const { access: _, ...shared } = this.#shared;
    const told = guarded(use.observe);
    const cell = new ReadableCell({ store, clock: this.clock, timeout: this.#timeout }, { ...use, observe: told });
    return new SingleUse({ ...shared, source, cell, observe: told });
  }
}

/** What was read of one entry, and the use of it that is under way. */
export class SingleUse {
  readonly #parts: SubjectParts;
  readonly #refreshes: SubjectRefreshes;

  constructor(parts: SubjectParts) {
    this.#parts = parts;
    this.#refreshes = new SubjectRefreshes(parts);
  }

  /** Whether this process knows more than the store. */
  get isBusy(): boolean {
    return this.#refreshes.isBusy;
  }

  /**
   * Gives what is kept, if `accepts` takes it, or what the use brings that is under way; asks the source otherwise, and calls `begins` before. `signal` ends
   * only this caller's wait.
   *
   * @throws TokenflightError, as `get` of a token cache.
   */
  async obtain(accepts: (brought: Brought) => boolean, signal: AbortSignal | undefined, begins: () => void): Promise<Brought> {
    const acceptsRecord = (record: SubjectRecord, began: SubjectRecord | undefined): boolean =>
      record.tokenSet !== undefined && accepts({ tokenSet: record.tokenSet, isNew: isLater(record, began) });
    for (;;) {
      const joined = this.#refreshes.pending;
      if (joined === undefined) begins();
      const pending =
        joined ??
        this.#refreshes.start({ reason: "missing", urgency: "blocking", isWanted: () => true, isLook: false, accepts: acceptsRecord });
      const tokenSet = await this.#refreshes.wait(pending, joined !== undefined, signal);
      // A runtime has dropped the request that it belonged to.
      if (tokenSet === undefined) continue;
      return { tokenSet, isNew: isLater(this.#refreshes.held.newest, pending.refresh.began) };
    }
  }

  /**
   * What is kept.
   *
   * @throws StoreError (`ERR_STORE_*`).
   */
  async look(): Promise<TokenSet | undefined> {
    const { record } = await this.#refreshes.held.read(this.#parts.cell);
    return record.tokenSet;
  }
}

function isLater(record: SubjectRecord, began: SubjectRecord = record): boolean {
  return record.generation > began.generation || record.lineage !== began.lineage;
}

/** Milliseconds for which a failure, or the intent of somebody who has never come back, is kept after it has ceased to matter. */
const failureKept = 600_000;

/** An entry that nobody can read counts as none, and is replaced by its version; a refusal that is about others, too. */
class ReadableCell extends StoreCell {
  readonly #use: OneUse;
  #told: string | undefined;

  constructor(access: StoreAccess, use: OneUse) {
    super(access, { identity: "single-use", subject: use.name, purpose: undefined });
    this.#use = use;
  }

  /** Nobody comes back to what has failed for good, and whoever invents things to use must not fill a store with them. */
  protected override lifetimeOf(record: SubjectRecord, now: number): number | undefined {
    const { tokenSet, intent, pause } = record;
    return tokenSet === undefined ? Math.max(intent?.deadline ?? 0, pause?.duration ?? 0) + failureKept : super.lifetimeOf(record, now);
  }

  override async read(): Promise<VersionedRecord> {
    try {
      return this.#withoutOthers(await super.read());
    } catch (error) {
      if (!(error instanceof StoreError) || error.version === undefined) throw error;
      if (this.#told !== error.version) this.#use.observe({ type: "store-trouble", operation: "read", error });
      this.#told = error.version;
      return { version: error.version, record: emptyRecord, heard: 0 };
    }
  }

  #withoutOthers(seen: VersionedRecord): VersionedRecord {
    const { pause, ...rest } = seen.record;
    const isOfOthers = pause?.outcome === "refused" && pause.note !== undefined && ownOption(this.#use, "concerns")?.(pause.note) === false;
    return isOfOthers ? { ...seen, record: ownOnly(rest) } : seen;
  }
}
