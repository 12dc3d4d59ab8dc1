import { Random } from "./random.ts";

/** Probabilities are per operation, times virtual milliseconds unless they say otherwise. */
export interface Faults {
  /** A store operation fails, is lost, is carried out and its reply lost, or is held up for seconds. */
  readonly store: number;
  /** Times in which the store, or one process's way to it, is away or refuses to write. */
  readonly outages: number;
  /** The store loses everything at one moment. */
  readonly loss: boolean;
  /** A token request, or its answer, is lost or reset, or is not even sent. */
  readonly network: number;
  /** The authorization server throttles, is slower than the timeout, or answers 500, before or after it used the refresh token up. */
  readonly server: number;
  /** Processes that die. Others take their places. */
  readonly crashes: number;
  /** Processes that are stopped and go on. */
  readonly pauses: number;
  /** Milliseconds by which wall clocks differ, either way. */
  readonly skew: number;
  /** Wall clocks that jump by two hours, either way. */
  readonly jumps: number;
  /** Entries that an operator deletes, or overwrites with what is no record of this version. */
  readonly meddling: number;
  /** A process that lives is said to have ended. */
  readonly falseDeaths: number;
  /** A hint of a change is lost. */
  readonly hints: number;
  /** The answer to a token request has a new refresh token, and no access token that can be used. */
  readonly useless: number;
  /** Times that the server begins to refuse one purpose of a login. */
  readonly refusals: number;
}

/** One simulated world. */
export interface Configuration {
  readonly seed: number;
  readonly processes: number;
  readonly subjects: number;
  /** Callers over the whole time. */
  readonly calls: number;
  readonly duration: number;
  /** Seconds that an access token lives. */
  readonly lifetime: number;
  /** "strict": a refresh token works once, and a second use ends the session. "grace": until one of its successors was used. */
  readonly provider: "strict" | "grace";
  /** False: tokens come from a grant that uses nothing up, such as client credentials. */
  readonly spends: boolean;
  /** Token caches that a process's pool keeps. Undefined: single caches. */
  readonly poolLimit: number | undefined;
  /** Pools, or caches of one subject, that a process has. */
  readonly caches: number;
  /** Whether the store tells of changes: to those who wait for one key, to all, and with what. */
  readonly hints: "none" | "of keys" | "marks" | "keys" | "anything";
  /** Whether the store knows which processes have ended. */
  readonly holders: boolean;
  /** Processes are isolates, which drop what a request has begun when it ends; "kept": unless the platform was told of it. */
  readonly isolates: "no" | "dropped" | "kept";
  /** Processes that close their caches or their store, and end then. Others take their places. */
  readonly closings: number;
  /** Whether the token source gives up when its signal aborts; otherwise its answer may come late. */
  readonly obedient: boolean;
  /** Usual time of one way through the network. */
  readonly latency: number;
  /** Seconds, as in the options of a token cache. */
  readonly timeouts: { readonly request: number; readonly store: number };
  /** Whether somebody logs in again when a session is over. */
  readonly logsIn: boolean;
  /** Whether users log out and in again, or in without a logout. */
  readonly logsOut: boolean;
  /** What the access tokens of one login are for: so many APIs. */
  readonly purposes: number;
  /** Whether processes begin with refresh tokens from their environment. */
  readonly seeds: boolean;
  /** Whether some callers want a token that is good for nine tenths of its lifetime. */
  readonly longGets: boolean;
  readonly faults: Faults;
}

export const noFaults: Faults = {
  store: 0,
  outages: 0,
  loss: false,
  network: 0,
  server: 0,
  crashes: 0,
  pauses: 0,
  skew: 0,
  jumps: 0,
  meddling: 0,
  falseDeaths: 0,
  hints: 0,
  useless: 0,
  refusals: 0,
};

export function isFaultless({ faults, isolates }: Configuration): boolean {
  return isolates !== "dropped" && Object.values(faults).every((value) => value === 0 || value === false);
}

/** The small world that a seed names: one of a few processes and one or two subjects, with any mixture of faults. */
export function configurationOf(seed: number): Configuration {
  const random = new Random(seed);
  const lifetime = random.pick([4, 30, 120, 600]);
  const sometimes = <Value>(probability: number, value: () => Value, otherwise: Value): Value =>
    random.chance(probability) ? value() : otherwise;
  const processes = random.whole(1, 5);
  const spends = random.chance(0.85);
  const duration = lifetime * 1000 * random.between(2, 6);
  const pooled = random.chance(0.5);
  const hasFaults = random.chance(0.9);
  const fault = (): boolean => hasFaults && random.chance(0.4);
  const holders = random.chance(0.5);
  const isolates = sometimes(0.2, () => random.pick(["dropped", "kept"] as const), "no");
  return {
    seed,
    processes,
    subjects: random.whole(1, 3),
    calls: random.whole(20, 60),
    duration,
    lifetime,
    provider: random.pick(["strict", "grace"]),
    spends,
    poolLimit: pooled ? random.whole(1, 3) : undefined,
    caches: random.chance(0.3) ? 2 : 1,
    hints: random.pick(["none", "none", "of keys", "marks", "marks", "keys", "anything"]),
    holders,
    isolates,
    closings: isolates === "no" && random.chance(0.3) ? random.whole(1, 3) : 0,
    obedient: random.chance(0.5),
    latency: random.pick([2, 20, 100]),
    timeouts: random.pick([
      { request: 10, store: 1 },
      { request: 2, store: 0.5 },
    ]),
    logsIn: random.chance(0.3),
    logsOut: spends && random.chance(0.3),
    faults: {
      store: fault() ? random.pick([0.02, 0.1, 0.3]) : 0,
      outages: fault() ? random.whole(1, 3) : 0,
      loss: fault() && random.chance(0.3),
      network: fault() ? random.pick([0.1, 0.4]) : 0,
      server: fault() ? random.pick([0.1, 0.4]) : 0,
      crashes: fault() ? random.whole(1, 3) : 0,
      pauses: fault() ? random.whole(1, 3) : 0,
      skew: sometimes(hasFaults ? 0.2 : 0, () => 2000, 0),
      jumps: sometimes(hasFaults ? 0.1 : 0, () => 1, 0),
      meddling: hasFaults && random.chance(0.2) ? random.whole(1, 2) : 0,
      falseDeaths: holders && fault() ? 0.02 : 0,
      hints: fault() ? 0.2 : 0,
      useless: spends && fault() ? random.pick([0.1, 0.4]) : 0,
      refusals: spends && fault() ? random.whole(1, 2) : 0,
    },
    // Tokens without a login have an entry for each purpose, as if they were other subjects.
    purposes: random.pick([1, 1, 2, 3].map((count) => (spends ? count : 1))),
    seeds: spends && random.chance(0.3),
    longGets: random.chance(0.5),
  };
}

/** A large world: 1,000 processes that share the sessions of 10,000 subjects, with faults of every kind but the loss of everything. */
export function largeConfigurationOf(seed: number): Configuration {
  return {
    ...configurationOf(seed),
    processes: 1000,
    subjects: 10_000,
    calls: 30_000,
    duration: 240_000,
    lifetime: 120,
    spends: true,
    poolLimit: 20,
    caches: 1,
    hints: seed % 2 === 0 ? "of keys" : "none",
    holders: seed % 2 === 0,
    isolates: "no",
    closings: 50,
    latency: 20,
    timeouts: { request: 10, store: 1 },
    logsIn: false,
    logsOut: false,
    purposes: 2,
    seeds: false,
    faults: { ...noFaults, store: 0.005, outages: 5, network: 0.02, server: 0.02, crashes: 50, pauses: 50 },
  };
}
