// Time passes here as fast as it can: a module that is loaded late would come after it.
import "@tokenflight/core/eager";
import { Callers } from "./callers.ts";
import { Closings } from "./closings.ts";
import type { Configuration } from "./configuration.ts";
import { Ledger } from "./ledger.ts";
import { Mischief } from "./mischief.ts";
import type { Mutant } from "./mutant.ts";
import { Random } from "./random.ts";
import { Scheduler } from "./scheduler.ts";
import { seedPlatform } from "./seeded-platform.ts";
import { partsOf } from "./process-parts.ts";
import { SimProcess } from "./sim-process.ts";
import { SimRequest } from "./sim-request.ts";
import { SimServer } from "./sim-server.ts";
import { SimStore } from "./sim-store.ts";
import { Users } from "./users.ts";
import { World } from "./world.ts";

type Count =
  | "requests"
  | "takeovers"
  | "takeovers at once"
  | "closings"
  | "requests dropped"
  | "sessions ended"
  | "seeds taken"
  | "refresh tokens kept"
  | "purposes refused"
  | "calls given"
  | "calls failed";

export interface Outcome {
  readonly configuration: Configuration;
  /** What must never happen and did; undefined in the good case. */
  readonly violation: string | undefined;
  readonly steps: number;
  /** Two runs with the same one took the same way. */
  readonly fingerprint: number;
  /** How much happened. */
  readonly counts: Readonly<Record<Count, number>>;
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
  const world = new World(configuration, random, scheduler, ledger);
  const subjects = Array.from({ length: configuration.subjects }, (_, index) => `s${index}`);
  const store = new SimStore(world, subjects);
  const users = new Users(world, server);
  const callers = new Callers(world, users);
  const born = new Map<string, SimProcess>();

  function bear(): SimProcess {
    const process = new SimProcess(`p${born.size}`, scheduler, random, random.between(-faults.skew, faults.skew));
    born.set(process.name, process);
    process.parts = partsOf(process, { world, server, store, subjects, born, mutant });
    if (configuration.seeds) users.start(process, subjects);
    return process;
  }

  /** Until nothing is left to do before `until`. */
  async function live(until: number): Promise<void> {
    for (let next = scheduler.next; next !== undefined && next <= until && ledger.violation === undefined; next = scheduler.next) {
      const owner = await scheduler.step();
      const process = owner instanceof SimRequest ? owner.process : owner;
      if (process instanceof SimProcess) mischief.after(process);
    }
  }

  const restore = seedPlatform(random);
  const { processes } = world;
  const seeded = configuration.seeds && random.chance(0.5);
  if (configuration.seeds) for (const subject of subjects) if (seeded || random.chance(0.7)) users.renewSeed(subject);
  for (let left = count; left > 0; left -= 1) processes.push(bear());
  const replace = (process: SimProcess): void => {
    const place = processes.indexOf(process);
    scheduler.schedule(random.between(0, 3000), "a process is started", () => {
      processes[place] = bear();
    });
  };
  const closings = new Closings(world, callers, replace);
  const mischief = new Mischief(world, server, replace, (process) => closings.close(process));
  try {
    const logIn = (subject: string, failed?: () => void): void => {
      const process = random.pick(processes);
      scheduler.schedule(0, "login", () => users.logIn(world.somePlace(process, subject), undefined, failed), process);
    };
    for (const subject of spends && !seeded ? subjects : []) logIn(subject, () => ledger.violate("The first login failed"));
    await live(start);
    world.faultsAreOver = false;
    mischief.begin(store, subjects, logIn);
    for (let left = configuration.seeds ? 2 : 0; left > 0; left -= 1)
      scheduler.schedule(random.between(0, duration), "an operator logs in", () => users.renewSeed(random.pick(subjects)));
    for (let left = configuration.seeds ? 4 : 0; left > 0; left -= 1)
      scheduler.schedule(random.between(0, duration), "a job starts", () => users.start(random.pick(processes), subjects));
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
    world.outages = [];
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
    closings.checkThatAllHaveEnded();
  }
  return {
    configuration,
    violation: ledger.violation,
    steps: scheduler.steps,
    fingerprint: scheduler.fingerprint,
    counts: {
      requests: ledger.requests,
      takeovers: ledger.attempts.takeovers,
      "takeovers at once": ledger.attempts.takeoversAtOnce,
      closings: closings.count,
      "requests dropped": ledger.requestsDropped,
      "sessions ended": ledger.sessionsEnded,
      "seeds taken": ledger.seeds.count,
      "refresh tokens kept": ledger.refreshTokensKept,
      "purposes refused": mischief.refusals,
      "calls given": callers.given,
      "calls failed": callers.failed,
    },
  };
}
