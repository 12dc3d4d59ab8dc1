import { createHash } from "node:crypto";
import type { StoredEntry, Version } from "@tokenflight/core";
import type { Owner } from "./event-heap.ts";
import type { Logout } from "./logins.ts";
import type { SimProcess } from "./sim-process.ts";
import { identity } from "./source-name.ts";
import { foreignValues, nothing, type StoredRecord } from "./stored-record.ts";
import type { World } from "./world.ts";

interface Entry extends StoredEntry {
  readonly record: StoredRecord;
  readonly mark: string | undefined;
  readonly writtenAt: number;
  /** When it is removed. */
  readonly until: number;
}

/** What a watcher of all entries is told; nothing, when any may have changed. */
export interface Change {
  readonly subject: string;
  readonly key: string;
  readonly version: Version | undefined;
  readonly mark: string | undefined;
}

/** A write on its way. */
export interface Writing {
  readonly key: string;
  readonly expected: Version | undefined;
  readonly value: string;
  readonly ttl: number | undefined;
  readonly mark: string | undefined;
  readonly task: Owner;
  readonly logout: Logout | undefined;
}

/** The name of a subject's entry. What needs no login has entries of its own, for each purpose; here it has none but the first one. */
function keyOf({ configuration }: World, subject: string): string {
  const name = configuration.spends ? identity : JSON.stringify([identity, null]);
  return createHash("sha256")
    .update(JSON.stringify([name, subject]))
    .digest("hex");
}

/** The entries of a linearizable store. What it has acknowledged stays, unless it loses everything or somebody deletes it. */
export class SimStore {
  readonly #world: World;
  readonly #entries = new Map<string, Entry>();
  readonly #subjects: ReadonlyMap<string, string>;
  readonly #watchers = new Map<string, Set<() => void>>();
  readonly #listeners = new Set<(change: Change) => void>();
  #writes = 0;

  constructor(world: World, subjects: readonly string[]) {
    this.#world = world;
    this.#subjects = new Map(subjects.map((subject) => [keyOf(world, subject), subject]));
  }

  loseEverything(): void {
    for (const [key, subject] of this.#subjects) {
      this.#entries.delete(key);
      this.#world.ledger.lost(subject, "was lost");
    }
  }

  /** An operator deletes an entry, or writes something else there. */
  meddle(subject: string, how: "was deleted" | keyof typeof foreignValues): void {
    const key = keyOf(this.#world, subject);
    this.#world.ledger.lost(subject, how === "was deleted" ? how : `became ${how}`);
    this.#writes += 1;
    const version = String(this.#writes);
    if (how === "was deleted") this.#entries.delete(key);
    else this.#put(key, { version, value: foreignValues[how], record: { ...nothing, foreign: how }, mark: undefined });
    this.#tell({ subject, key, version, mark: undefined });
  }

  isForeign(subject: string): boolean {
    return this.#entries.get(keyOf(this.#world, subject))?.record.foreign !== undefined;
  }

  read(key: string): StoredEntry | undefined {
    const entry = this.#find(key);
    return entry === undefined ? undefined : { version: entry.version, value: entry.value };
  }

  /** Whether anybody has ever logged in there, or out. */
  hasGeneration(key: string): boolean {
    return (this.#find(key)?.record.generation ?? 0) > 0;
  }

  compareAndSet(process: SimProcess, writing: Writing): Version | undefined {
    if (this.#find(writing.key)?.version !== writing.expected) return undefined;
    return this.write(process, writing);
  }

  /** Writes whatever stands there. */
  write(process: SimProcess, { key, value, ttl, mark, task, logout }: Omit<Writing, "expected">): Version {
    const { record: before = nothing, writtenAt = 0 } = this.#find(key) ?? {};
    const after = JSON.parse(value) as StoredRecord;
    const subject = this.subjectOf(key);
    this.#writes += 1;
    const version = String(this.#writes);
    this.#put(key, { version, value, record: after, mark }, ttl);
    this.#world.ledger.wrote({ process, task, subject, before, after, writtenAt }, ttl, logout);
    this.#tell({ subject, key, version, mark });
    return version;
  }

  subjectOf(key: string): string {
    const subject = this.#subjects.get(key);
    if (subject === undefined) throw new Error("The store was asked for a key of no subject.");
    return subject;
  }

  watch(key: string, changed: () => void): () => void {
    const watching = this.#watchers.get(key) ?? new Set();
    this.#watchers.set(key, watching.add(changed));
    return () => watching.delete(changed);
  }

  watchAll(changed: (change: Change) => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  #find(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#world.scheduler.now < entry.until) return entry;
    this.#entries.delete(key);
    this.#world.ledger.lost(this.subjectOf(key), "was over and was removed");
    return undefined;
  }

  #put(key: string, entry: Omit<Entry, "writtenAt" | "until">, ttl = Number.POSITIVE_INFINITY): void {
    const { now } = this.#world.scheduler;
    this.#entries.set(key, { ...entry, writtenAt: now, until: now + ttl });
  }

  #tell(change: Change): void {
    for (const changed of this.#watchers.get(change.key) ?? []) changed();
    for (const changed of this.#listeners) changed(change);
  }
}
