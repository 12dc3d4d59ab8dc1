import type { RefreshReason, Urgency } from "../tokens/token-source.ts";
import type { SubjectRecord } from "./record.ts";

/** One refresh, for all callers who wait for it. */
export interface Refresh {
  /** Unique: names the task in the queue and the intent in the store. */
  readonly id: string;
  readonly reason: RefreshReason;
  /** Becomes "blocking" when a caller begins to wait. Its timers keep the process alive then. */
  urgency: Urgency;
  /** The generation that it read first: a later one without a token set is a logout. */
  generation: number | undefined;
  /** How many token requests of this refresh have failed. */
  failures: number;
  /** Whether its token set came from the source just now, so that there is no better one. */
  obtained: boolean;
  /** Whether a token set that another process obtained will do. */
  accepts(record: SubjectRecord): boolean;
}
