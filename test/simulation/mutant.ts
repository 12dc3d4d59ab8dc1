import type { Clock, Closable, TokenCache, TokenSource, TokenStore } from "@tokenflight/core";
import type { SimProcess } from "./sim-process.ts";
import type { keepAlive } from "./sim-request.ts";
import type { SimStore } from "./sim-store.ts";

/** What a changed store may reach into. */
export interface StoreSurroundings {
  readonly inside: SimStore;
  readonly process: SimProcess;
  readonly processes: ReadonlyMap<string, SimProcess>;
}

/** Changes to what the shipped code stands on, which have to be found. */
export interface Mutant {
  readonly store?: (store: TokenStore, around: StoreSurroundings) => TokenStore;
  readonly source?: (source: TokenSource) => TokenSource;
  readonly clock?: (clock: Clock, process: SimProcess) => Clock;
  readonly cache?: (cache: TokenCache) => TokenCache;
  readonly closable?: (closable: Closable) => Closable;
  readonly keepAlive?: typeof keepAlive;
}

/** What breaks, how, and the violation that has to be found. */
export type NamedMutant = readonly [name: string, mutant: Mutant, expected: RegExp];
