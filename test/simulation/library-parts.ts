import type { Configuration } from "./configuration.ts";
import type { LibraryBooks } from "./library-books.ts";
import type { Random } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimProcess } from "./sim-process.ts";
import type { SimServer } from "./sim-server.ts";
import type { Outage } from "./world.ts";

/** What every part of such a simulation knows. */
export interface LibraryWorld {
  readonly configuration: Configuration;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly server: Pick<SimServer, "refresh">;
  readonly books: LibraryBooks;
  readonly born: ReadonlyMap<string, SimProcess>;
  readonly faultsAreOver: boolean;
  outageOf(process: SimProcess, operation: "read" | "write"): Outage["kind"] | undefined;
}
