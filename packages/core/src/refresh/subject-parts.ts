import type { RecordCell } from "./cell.ts";
import type { Clock } from "../clock.ts";
import type { TokenEndpointQueue } from "../endpoint/endpoint-queue.ts";
import type { Observer } from "../events.ts";
import type { Freshness } from "../tokens/freshness.ts";
import type { TokenSource } from "../tokens/token-source.ts";

/** What one token cache is made of. A pool may hold many, so it is one object for the cache and its refresh. */
export interface SubjectParts {
  readonly source: TokenSource;
  readonly cell: RecordCell;
  readonly queue: TokenEndpointQueue;
  readonly freshness: Freshness;
  readonly clock: Clock;
  /** Milliseconds that one token request may take. */
  readonly timeout: number;
  readonly observe: Observer;
}
