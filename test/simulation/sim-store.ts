import { createHash } from "node:crypto";
import type { StoredEntry, TokenStore, Version } from "@tokenflight/core";
import type { SimProcess } from "./sim-process.ts";
import type { StoredRecord } from "./stored-record.ts";
import { happens, wayThrough, type World } from "./world.ts";

interface Entry extends StoredEntry {
  readonly record: StoredRecord;
  readonly writtenAt: number;
}

/** A time in which operations fail. */
export interface Outage {
  readonly until: number;
  /** "away": nothing is answered; "refuses": errors; "read-only": only writes fail. */
  readonly kind: "away" | "refuses" | "read-only";
  /** Undefined: for everybody. */
  readonly process: SimProcess | undefined;
}

type Fate = "carried out" | "fails" | "lost" | "reply lost" | "reply broken" | "held up";

const mishaps: readonly Fate[] = ["fails", "lost", "reply lost", "reply broken", "held up"];

/** The name of a subject's entry. Token sources of the simulation have no identity. */
function keyOf(subject: string): string {
  return createHash("sha256")
    .update(JSON.stringify([null, subject]))
    .digest("hex");
}

/** A linearizable store at the other end of a network. What it has acknowledged stays, unless it loses everything. */
export class SimStore {
  outages: Outage[] = [];
  readonly #world: World;
  readonly #entries = new Map<string, Entry>();
  readonly #subjects: ReadonlyMap<string, string>;
  readonly #watchers = new Map<string, Set<() => void>>();
  #writes = 0;

  constructor(world: World, subjects: readonly string[]) {
    this.#world = world;
    this.#subjects = new Map(subjects.map((subject) => [keyOf(subject), subject]));
  }

  loseEverything(): void {
    this.#entries.clear();
    this.#world.ledger.lostEverything();
  }

  /** One process's way to the store. */
  clientFor(process: SimProcess): TokenStore {
    return {
      read: (key) => this.#ask(process, key, "read", () => this.read(key)),
      compareAndSet: (key, expected, value) =>
        this.#ask(process, key, "write", () => this.compareAndSet(process, key, expected, value as string)),
      ...(this.#world.configuration.watch ? { watch: (key: string, changed: () => void) => this.#watch(process, key, changed) } : {}),
    };
  }

  read(key: string): StoredEntry | undefined {
    const entry = this.#entries.get(key);
    return entry === undefined ? undefined : { version: entry.version, value: entry.value };
  }

  compareAndSet(process: SimProcess, key: string, expected: Version | undefined, value: string): Version | undefined {
    const entry = this.#entries.get(key);
    if (entry?.version !== expected) return undefined;
    return this.write(process, key, value);
  }

  /** Writes whatever stands there. */
  write(process: SimProcess, key: string, value: string): Version {
    const { ledger, scheduler } = this.#world;
    const before = this.#entries.get(key);
    const record = JSON.parse(value) as StoredRecord;
    this.#writes += 1;
    const entry = { version: String(this.#writes), value, record, writtenAt: scheduler.now };
    this.#entries.set(key, entry);
    ledger.wrote(process, this.#subjectOf(key), before, record);
    for (const changed of this.#watchers.get(key) ?? []) changed();
    return entry.version;
  }

  #subjectOf(key: string): string {
    const subject = this.#subjects.get(key);
    if (subject === undefined) throw new Error("The store was asked for a key of no subject.");
    return subject;
  }

  #ask<Answer>(process: SimProcess, key: string, operation: "read" | "write", carryOut: () => Answer): Promise<Answer> {
    const { scheduler, random, ledger } = this.#world;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const fail = (): void => reject(new Error("connection reset"));
    let fate: Fate = happens(this.#world, this.#world.configuration.faults.store) ? random.pick(mishaps) : "carried out";
    if (fate !== "carried out") ledger.troubled(process, this.#subjectOf(key), fate);
    const there = wayThrough(this.#world) + (fate === "held up" ? random.between(200, 6000) : 0);
    const back = wayThrough(this.#world);
    const arrive = (): void => {
      const outage = this.#outageOf(process, operation);
      if (outage !== undefined) {
        fate = outage.kind === "away" ? "lost" : "fails";
        ledger.troubled(process, this.#subjectOf(key), outage.kind);
      }
      if (fate === "lost") return;
      if (fate === "fails") return void scheduler.schedule(back, `store fails to ${operation}`, fail, process);
      const answer = carryOut();
      if (fate === "reply broken") scheduler.schedule(back, `reply to ${operation} breaks off`, fail, process);
      else if (fate !== "reply lost") scheduler.schedule(back, `reply to ${operation}`, () => resolve(answer), process);
    };
    scheduler.schedule(there, `${operation} for ${process.name}`, arrive);
    return promise;
  }

  #outageOf(process: SimProcess, operation: "read" | "write"): Outage | undefined {
    const { now } = this.#world.scheduler;
    return this.outages.find(
      ({ until, kind, process: one }) =>
        until > now && (one === undefined || one === process) && (kind !== "read-only" || operation === "write"),
    );
  }

  /** Hints come late, and one in ten not at all. */
  #watch(process: SimProcess, key: string, changed: () => void): () => void {
    const { scheduler, random } = this.#world;
    const hint = (): void => {
      if (!random.chance(0.1)) scheduler.schedule(wayThrough(this.#world), "hint", changed, process);
    };
    const watching = this.#watchers.get(key) ?? new Set();
    this.#watchers.set(key, watching.add(hint));
    return () => watching.delete(hint);
  }
}
