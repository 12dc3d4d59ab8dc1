import type { Clock } from "../src/clock/clock.ts";
import { StoreCell } from "../src/refresh/store-cell.ts";
import { storeKey } from "../src/store/store.ts";
import type { TokenStore } from "../src/store/store.ts";

/** The name of the entry in which a cell of `cellIn` keeps its record. */
export const key = await storeKey("source", "subject");

/** A cell for the same subject each time, whose operations take a second at most. */
export function cellIn(store: TokenStore, clock: Clock): StoreCell {
  return new StoreCell({ store, clock, timeout: 1000 }, { identity: "source", subject: "subject", purpose: undefined });
}
