/** One process of the storm: opens the store that all share, gets ready, calls when it is told to, and tells what came of it. */
import { once } from "node:events";
import { countsOf, newTallies, runCallers, type CallersOrder, type Tallies } from "./callers.ts";
import { openStore, type StorePlace } from "./shared-store.ts";
import { sharedTokens, type ClientAccess, type Obtained } from "./tokens.ts";

export interface MemberOrder extends CallersOrder {
  readonly place: StorePlace;
  readonly access: ClientAccess;
}

export type MemberMessage =
  | { type: "ready" }
  | { type: "obtained"; obtained: Obtained }
  | { type: "progress"; counts: { requests: number; failures: number } }
  | { type: "done"; tallies: Tallies };

const tell = (message: MemberMessage): void => void process.send?.(message);
process.once("disconnect", () => process.exit());

const [order] = (await once(process, "message")) as [MemberOrder];
const tokens = sharedTokens(order.access, openStore(order.place), (obtained) => tell({ type: "obtained", obtained }));
await tokens.get();
tell({ type: "ready" });

// Whoever listens stays alive: a refresh ahead may still be under way when the last caller has its answer.
process.on("message", async () => {
  const tallies = newTallies();
  const ticker = setInterval(() => tell({ type: "progress", counts: countsOf(tallies) }), 250);
  await runCallers(tokens, order, tallies);
  clearInterval(ticker);
  tell({ type: "progress", counts: countsOf(tallies) });
  tell({ type: "done", tallies });
});
