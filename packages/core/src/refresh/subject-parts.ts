import type { Clock } from "../clock.ts";
import type { TokenEndpointQueue } from "../endpoint/endpoint-queue.ts";
import type { Observer } from "../events.ts";
import type { Freshness } from "../tokens/freshness.ts";
import type { TokenSource } from "../tokens/token-source.ts";
import type { RecordCell } from "./cell.ts";
import type { RefreshLimits } from "./limits.ts";

/** What one token cache is made of. The cache and its refresh share one object, because a pool may hold very many. */
export interface SubjectParts {
  readonly source: TokenSource;
  readonly cell: RecordCell;
  readonly queue: TokenEndpointQueue;
  readonly freshness: Freshness;
  readonly clock: Clock;
  readonly limits: RefreshLimits;
  readonly observe: Observer;
}
