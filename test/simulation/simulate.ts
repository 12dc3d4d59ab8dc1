import { createTokenCache, createTokenPool, type Clock, type TokenCache, type TokenSource, type TokenStore } from "@tokenflight/core";
import { Callers } from "./callers.ts";
import type { Configuration } from "./configuration.ts";
import { Ledger } from "./ledger.ts";
import { Mischief } from "./mischief.ts";
import { Random } from "./random.ts";
import { Scheduler } from "./scheduler.ts";
import { seedCrypto } from "./seeded-crypto.ts";
import { SimProcess } from "./sim-process.ts";
import { SimServer } from "./sim-server.ts";
import { simSource } from "./sim-source.ts";
import { SimStore } from "./sim-store.ts";
import type { World } from "./world.ts";

/** Changes to what the shipped code stands on, which have to be found. */
export interface Mutant {
  readonly store?: (store: TokenStore, inside: SimStore, process: SimProcess) => TokenStore;
  readonly source?: (source: TokenSource) => TokenSource;
  readonly clock?: (clock: Clock, process: SimProcess) => Clock;
  readonly cache?: (cache: TokenCache) => TokenCache;
}

export interface Outcome {
  readonly configuration: Configuration;
  /** What must never happen and did; undefined in the good case. */
  readonly violation: string | undefined;
  readonly steps: number;
  /** Two runs with the same one took the same way. */
  readonly fingerprint: number;
  /** How much happened. */
  readonly counts: Readonly<Record<"requests" | "takeovers" | "sessions ended" | "calls given" | "calls failed", number>>;
}

/** Virtual milliseconds in which everybody logs in, before anything may go wrong. */
const start = 10_000;
/** Virtual milliseconds after the last fault until nothing may happen any more. */
const longestRest = 4_000_000;

/** Lives one world from its first login to its rest. The same configuration always takes the same way. */
export async function simulate(
  configuration: Configuration,
  options: { mutant?: Mutant; trace?: (line: string) => void } = {},
): Promise<Outcome> {
  const { seed, processes: count, calls, duration, provider, lifetime, spends, faults } = configuration;
  const { mutant = {} } = options;
  const random = new Random(seed ^ 0x5bd1e995);
  const scheduler = new Scheduler(random);
  scheduler.trace = options.trace;
  const server = new SimServer(provider, lifetime, spends);
  const ledger = new Ledger(configuration, scheduler, server);
  const world: World = { configuration, random, scheduler, ledger, faultsAreOver: true };
  const subjects = Array.from({ length: configuration.subjects }, (_, index) => `s${index}`);
  const store = new SimStore(world, subjects);
  const callers = new Callers(world, server);
  let born = 0;

  function bear(): SimProcess {
    const process = new SimProcess(`p${born}`, scheduler, random, random.between(-faults.skew, faults.skew));
    born += 1;
    process.caches = cachesOf(process);
    return process;
  }

  function cachesOf(process: SimProcess): (subject: string) => TokenCache {
    const { poolLimit, timeouts } = configuration;
    const shared = {
      store: mutant.store?.(store.clientFor(process), store, process) ?? store.clientFor(process),
      clock: mutant.clock?.(process.clock, process) ?? process.clock,
      timeouts,
    };
    const source = (subject: string): TokenSource =>
      mutant.source?.(simSource(world, server, process, subject)) ?? simSource(world, server, process, subject);
    const changed = (cache: TokenCache): TokenCache => mutant.cache?.(cache) ?? cache;
    if (poolLimit !== undefined) {
      const pool = createTokenPool({ ...shared, source, limit: poolLimit });
      return (subject) => changed(pool.for(subject));
    }
    const caches = new Map<string, TokenCache>();
    return (subject) => {
      const cache = caches.get(subject) ?? changed(createTokenCache({ ...shared, source: source(subject), key: subject }));
      caches.set(subject, cache);
      return cache;
    };
  }

  /** Until nothing is left to do before `until`. */
  async function live(until: number): Promise<void> {
    for (let next = scheduler.next; next !== undefined && next <= until && ledger.violation === undefined; next = scheduler.next) {
      const owner = await scheduler.step();
      if (owner instanceof SimProcess) mischief.after(owner);
    }
  }

  const restore = seedCrypto(random);
  const processes = Array.from({ length: count }, bear);
  const replace = (place: number): void => {
    scheduler.schedule(random.between(0, 3000), "a process is started", () => {
      processes[place] = bear();
    });
  };
  const mischief = new Mischief(world, processes, replace);
  try {
    for (const subject of spends ? subjects : []) {
      const process = random.pick(processes);
      const logIn = (): void =>
        void process
          .caches(subject)
          .save(server.logIn(subject))
          .catch(() => ledger.violate("The first login failed"));
      scheduler.schedule(0, "first login", logIn, process);
    }
    await live(start);
    world.faultsAreOver = false;
    mischief.begin(store);
    for (let left = calls; left > 0;) {
      const at = random.between(0, duration);
      const subject = random.pick(subjects);
      for (let crowd = Math.min(left, random.whole(1, 4)); crowd > 0; crowd -= 1, left -= 1) {
        const place = random.whole(0, count - 1);
        const call = (): void => {
          const process = processes[place] as SimProcess;
          scheduler.schedule(0, "call", () => callers.call(process, subject), process);
        };
        scheduler.schedule(at + random.between(0, 50), "somebody calls", call);
      }
    }
    await live(start + duration);
    scheduler.note("the faults are over");
    world.faultsAreOver = true;
    store.outages = [];
    const before = { requests: ledger.requests, at: scheduler.now };
    for (let index = 0; index < Math.min(count * subjects.length, 2000); index += 1) {
      const process = processes[index % count] as SimProcess;
      const subject = count * subjects.length <= 2000 ? subjects[Math.floor(index / count)] : random.pick(subjects);
      scheduler.schedule(random.between(0, 5000), "last call", () => callers.insist(process, subject as string), process);
    }
    await live(start + duration + longestRest);
    ledger.checkTraffic(ledger.requests - before.requests, scheduler.now - before.at);
  } finally {
    restore();
  }
  if (ledger.violation === undefined) {
    if (scheduler.next !== undefined) ledger.violate("Something never comes to rest");
    callers.checkNobodyWaits();
  }
  return {
    configuration,
    violation: ledger.violation,
    steps: scheduler.steps,
    fingerprint: scheduler.fingerprint,
    counts: {
      requests: ledger.requests,
      takeovers: ledger.takeovers,
      "sessions ended": ledger.sessionsEnded,
      "calls given": callers.given,
      "calls failed": callers.failed,
    },
  };
}
