import type { StoredEntry, TokenStore, Version } from "@tokenflight/core";
import type { LibraryWorld } from "./library-parts.ts";
import type { SimProcess } from "./sim-process.ts";
import { deathIsKnownAfter } from "./troubles.ts";
import { happens, wayThrough } from "./world.ts";

interface Entry extends StoredEntry {
  readonly until: number;
}

/** A linearizable store whose entries nobody can read but those who have the refresh token. */
export class LibraryStore {
  readonly entries = new Map<string, Entry>();
  readonly watchers = new Map<string, Set<() => void>>();
  writes = 0;

  read(key: string, now: number): StoredEntry | undefined {
    const entry = this.entries.get(key);
    return entry === undefined || now >= entry.until ? undefined : { version: entry.version, value: entry.value };
  }

  write(key: string, value: string, until: number): Version {
    this.writes += 1;
    const version = String(this.writes);
    this.entries.set(key, { version, value, until });
    for (const changed of this.watchers.get(key) ?? []) changed();
    return version;
  }
}

const mishaps = ["fails", "lost", "reply lost", "reply broken", "held up"] as const;

/** One process's way to the store, over a network that loses things. */
export function libraryStoreClient(world: LibraryWorld, inside: LibraryStore, process: SimProcess): TokenStore {
  const { scheduler, random, configuration } = world;

  function ask<Answer>(operation: "read" | "write", carryOut: () => Answer): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const fail = (): void => reject(new Error("connection reset"));
    const fate = happens(world, configuration.faults.store) ? random.pick(mishaps) : "carried out";
    if (fate !== "carried out") world.books.troubled(process, `store: ${fate}`);
    const there = wayThrough(world) + (fate === "held up" ? random.between(200, 6000) : 0);
    const back = wayThrough(world);
    const arrive = (): void => {
      const outage = world.outageOf(process, operation);
      if (outage !== undefined) world.books.troubled(process, `store: ${outage}`);
      if (fate === "lost" || outage === "away") return;
      if (fate === "fails" || outage !== undefined) return void scheduler.schedule(back, `store fails to ${operation}`, fail, process);
      const answer = carryOut();
      if (fate === "reply broken") scheduler.schedule(back, `reply to ${operation} breaks off`, fail, process);
      else if (fate !== "reply lost") scheduler.schedule(back, `reply to ${operation}`, () => resolve(answer), process);
    };
    scheduler.schedule(there, `${operation} for ${process.name}`, arrive);
    return promise;
  }

  return {
    read: (key) => ask("read", () => inside.read(key, scheduler.now)),
    compareAndSet: (key, expected, value = "", options) =>
      ask("write", () => {
        if (inside.read(key, scheduler.now)?.version !== expected) return undefined;
        world.books.wrote(value);
        return inside.write(key, value, scheduler.now + (options?.ttl ?? Number.POSITIVE_INFINITY));
      }),
    ...(configuration.hints !== "none" && {
      watch(key: string, changed: () => void) {
        const watching = inside.watchers.get(key) ?? new Set();
        const hint = (): void => {
          if (!happens(world, configuration.faults.hints)) scheduler.schedule(wayThrough(world), "hint", changed, process);
        };
        inside.watchers.set(key, watching.add(hint));
        return () => watching.delete(hint);
      },
    }),
    ...(configuration.holders && {
      holder: async () => process.name,
      isGone: async (holder: string) => scheduler.now >= (world.born.get(holder)?.endedAt ?? 0) + deathIsKnownAfter,
    }),
  };
}
