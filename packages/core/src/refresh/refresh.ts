import type { Clock } from "../clock/clock.ts";
import type { TokenEndpointQueue } from "../endpoint/endpoint-queue.ts";
import type { Observer } from "../events.ts";
import type { Lifetime } from "./lifetime.ts";
import type { Freshness } from "../tokens/freshness.ts";
import type { RefreshReason, TokenSource, Urgency } from "../tokens/token-source.ts";
import type { RecordCell } from "./cell.ts";
import type { RefreshLimits } from "./limits.ts";
import type { SubjectRecord } from "../record/record.ts";

/** What one token cache is made of. The cache and its refresh share one object, because a pool may hold very many. */
export interface SubjectParts {
  readonly source: TokenSource;
  readonly cell: RecordCell;
  readonly queue: TokenEndpointQueue;
  readonly freshness: Freshness;
  readonly clock: Clock;
  readonly limits: RefreshLimits;
  readonly lifetime: Lifetime;
  readonly observe: Observer;
}

/** One refresh, for all callers who wait for it. */
export interface Refresh {
  /** Unique: names the task in the queue and the intent in the store. */
  readonly id: string;
  readonly reason: RefreshReason;
  /** Nobody has asked for another token set: unless a caller begins to wait, the record is read and the source is not asked. */
  readonly isLook: boolean;
  /** Becomes "blocking" when a caller begins to wait. */
  urgency: Urgency;
  /** A task that holds a slot of the queue waits for it: it takes none. */
  atOnce: boolean;
  /** The record that it read first: a later one without a token set is a logout. */
  began: SubjectRecord | undefined;
  /** How many token requests of this refresh have failed. */
  failures: number;
  /** When its token set came from the source, by the monotonic clock: there is no better one. */
  obtainedAt: number | undefined;
  /** The moment, by the monotonic clock, until which it does something that can be noticed; later it counts as silent. */
  silentAfter: number;
  /** The queue of its token request. */
  readonly queue: object;
  /** The refresh whose token source has started this one, until one of the two is over. */
  caller: Refresh | undefined;
  /** The refreshes that its token source waits for, and how many times at once. */
  readonly awaited: Map<Refresh, number>;
  /** Its callers have been answered. */
  isOver: boolean;
  /** Whether a token set that another process obtained will do. */
  accepts(record: SubjectRecord): boolean;
}
