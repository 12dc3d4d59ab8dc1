import type { SubjectRecord } from "./record.ts";
import type { RefreshReason, Urgency } from "../tokens/token-source.ts";

/** One refresh, for all who wait for it. */
export interface RefreshRequest {
  /** Unique: names the task in the queue and the intent in the store. */
  readonly id: string;
  readonly reason: RefreshReason;
  /** Becomes "blocking" when somebody begins to wait. */
  urgency: Urgency;
  /** The generation that it found first: a later one without tokens is a logout. */
  generation: number | undefined;
  /** Token requests of this refresh that failed. */
  failures: number;
  /** Whether its token set came from the source just now, so that no better one can be had. */
  obtained: boolean;
  /** Whether a token set that somebody else obtained will do. */
  accepts(record: SubjectRecord): boolean;
}
