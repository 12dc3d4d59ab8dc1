import { createTokenCache, createTokenPool, type Closable, type TokenCache, type TokenSource } from "@tokenflight/core";
import type { Mutant } from "./mutant.ts";
import type { ProcessParts, SimProcess } from "./sim-process.ts";
import { keepAlive } from "./sim-request.ts";
import type { SimServer } from "./sim-server.ts";
import { simSource } from "./sim-source.ts";
import type { SimStore } from "./sim-store.ts";
import { StoreClient } from "./store-client.ts";
import type { World } from "./world.ts";

/** What a process is born into. */
interface Surroundings {
  readonly world: World;
  readonly server: SimServer;
  readonly store: SimStore;
  readonly subjects: readonly string[];
  /** All processes that there have been. */
  readonly born: ReadonlyMap<string, SimProcess>;
  readonly mutant: Mutant;
}

/** The shipped code that runs in a process: its pools, or a cache for each subject. */
export function partsOf(process: SimProcess, { world, server, store, subjects, born, mutant }: Surroundings): ProcessParts {
  const { poolLimit, timeouts, isolates } = world.configuration;
  const client = new StoreClient(world, store, process, born).store;
  const shared = {
    store: mutant.store?.(client, { inside: store, process, processes: born }) ?? client,
    clock: mutant.clock?.(process.clock, process) ?? process.clock,
    timeouts,
    ...(isolates === "kept" && { keepAlive: mutant.keepAlive ?? keepAlive }),
  };
  const source = (subject: string, purpose: string | undefined): TokenSource => {
    const made = simSource(world, server, process, { subject, purpose });
    return mutant.source?.(made) ?? made;
  };
  const changed = (cache: TokenCache): TokenCache => mutant.cache?.(cache) ?? cache;
  const closables: Closable[] = [];
  const known = <Made extends Closable>(made: Made): Made => {
    closables.push(mutant.closable?.(made) ?? made);
    return made;
  };

  function pool(limit: number, purpose: string | undefined): ProcessParts["caches"][number] {
    const made = known(createTokenPool({ ...shared, source: (subject) => source(subject, purpose), limit }));
    return (subject) => changed(made.for(subject));
  }

  function singleCaches(purpose: string | undefined): ProcessParts["caches"][number] {
    const newCache = (key: string): TokenCache => changed(known(createTokenCache({ ...shared, source: source(key, purpose), key })));
    const made = new Map(subjects.map((subject) => [subject, newCache(subject)]));
    return (subject) => made.get(subject) as TokenCache;
  }

  const made = Array.from({ length: world.cachesOfProcess }, (_, which) => {
    const purpose = world.purposeOf(which);
    return poolLimit === undefined ? singleCaches(purpose) : pool(poolLimit, purpose);
  });
  return { caches: made, closables, store: shared.store };
}
