import { AsyncLocalStorage } from "node:async_hooks";
import { StoreError, type ChangeListener, type TokenStore, type Version, type WriteOptions } from "@tokenflight/core";
import type { Logout } from "./logins.ts";
import type { SimProcess } from "./sim-process.ts";
import { taskOf } from "./sim-request.ts";
import type { Change, SimStore } from "./sim-store.ts";
import { deathIsKnownAfter } from "./troubles.ts";
import { happens, wayThrough, type World } from "./world.ts";

type Fate = "carried out" | "fails" | "lost" | "reply lost" | "reply broken" | "held up";

const mishaps: readonly Fate[] = ["fails", "lost", "reply lost", "reply broken", "held up"];

/** The logout on whose behalf the store is asked. */
export const logouts = new AsyncLocalStorage<Logout>();

/** One process's way to the store, over a network that loses things. */
export class StoreClient {
  readonly store: TokenStore;
  readonly #world: World;
  readonly #inside: SimStore;
  readonly #process: SimProcess;
  readonly #processes: ReadonlyMap<string, SimProcess>;
  readonly #works = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;
  #hasEnded = false;

  constructor(world: World, inside: SimStore, process: SimProcess, processes: ReadonlyMap<string, SimProcess>) {
    this.#world = world;
    this.#inside = inside;
    this.#process = process;
    this.#processes = processes;
    const { hints, holders } = world.configuration;
    this.store = {
      read: (key) => this.#read(key),
      compareAndSet: (key, expected, value, options) => this.#write(key, expected, value as string, options),
      keepOpen: (work) => this.#keepOpen(work),
      close: () => (this.#closing ??= this.#close()),
      ...(hints !== "none" && { watch: (key: string, changed: () => void) => inside.watch(key, () => this.#hint(changed)) }),
      ...(hints !== "none" && hints !== "of keys" && { watchAll: (changed: ChangeListener) => this.#watchAll(changed) }),
      ...(holders && { holder: async () => process.name, isGone: (holder: string) => this.#isGone(holder) }),
    };
  }

  #read(key: string): ReturnType<TokenStore["read"]> {
    const logout = logouts.getStore();
    return this.#ask(key, "read", () => {
      if (logout !== undefined && this.#inside.hasGeneration(key))
        logout.found ??= this.#world.ledger.logins.all(this.#inside.subjectOf(key));
      return this.#inside.read(key);
    });
  }

  #write(key: string, expected: Version | undefined, value: string, { ttl, mark }: WriteOptions = {}): Promise<Version | undefined> {
    const [task, logout] = [taskOf(this.#process), logouts.getStore()];
    return this.#ask(key, "write", () => this.#inside.compareAndSet(this.#process, { key, expected, value, ttl, mark, task, logout }));
  }

  #ask<Answer>(key: string, operation: "read" | "write", carryOut: () => Answer): Promise<Answer> {
    if (this.#hasEnded) return Promise.reject(new StoreError("ERR_CLOSED", "The store is closed."));
    const { scheduler, random, ledger, configuration } = this.#world;
    const process = this.#process;
    const subject = this.#inside.subjectOf(key);
    const task = taskOf(process);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const fail = (): void => reject(new Error("connection reset"));
    let fate: Fate = happens(this.#world, configuration.faults.store) ? random.pick(mishaps) : "carried out";
    if (fate !== "carried out") ledger.troubled(process, subject, fate);
    const there = wayThrough(this.#world) + (fate === "held up" ? random.between(200, 6000) : 0);
    const back = wayThrough(this.#world);
    const arrive = (): void => {
      const outage = this.#world.outageOf(process, operation);
      if (outage !== undefined) {
        fate = outage === "away" ? "lost" : "fails";
        ledger.troubled(process, subject, outage);
      }
      if (fate === "lost") return;
      if (fate === "fails") return void scheduler.schedule(back, `store fails to ${operation}`, fail, task);
      const answer = carryOut();
      if (fate === "reply broken") scheduler.schedule(back, `reply to ${operation} breaks off`, fail, task);
      else if (fate !== "reply lost") scheduler.schedule(back, `reply to ${operation}`, () => resolve(answer), task);
    };
    scheduler.schedule(there, `${operation} for ${process.name}`, arrive);
    return promise;
  }

  /** Hints come late, and some not at all. */
  #hint(changed: () => void): void {
    const { scheduler, random } = this.#world;
    if (!random.chance(0.1)) scheduler.schedule(wayThrough(this.#world), "hint", changed, this.#process);
  }

  /** The messages of one subscription come in their order. */
  #watchAll(changed: ChangeListener): () => void {
    const { scheduler, ledger, configuration } = this.#world;
    let last = 0;
    return this.#inside.watchAll(({ subject, key, version, mark }: Change) => {
      if (happens(this.#world, configuration.faults.hints)) return;
      const replaced = ledger.logins.replaced(subject);
      last = Math.max(last, scheduler.now + wayThrough(this.#world));
      const told = (): void => {
        ledger.heard(this.#process, subject, replaced);
        if (configuration.hints === "anything") changed();
        else if (configuration.hints === "keys") changed(key);
        else changed(key, version, mark);
      };
      scheduler.schedule(last - scheduler.now, "hint", told, this.#process);
    });
  }

  async #isGone(holder: string): Promise<boolean> {
    const { scheduler, ledger, configuration } = this.#world;
    const process = this.#processes.get(holder);
    if (process === undefined || scheduler.now >= process.endedAt + deathIsKnownAfter) return true;
    if (!process.alive || !happens(this.#world, configuration.faults.falseDeaths)) return false;
    ledger.saidToBeGone(process);
    return true;
  }

  #keepOpen(work: Promise<unknown>): void {
    if (this.#closing !== undefined) throw new StoreError("ERR_CLOSED", "The store is closed.");
    this.#works.add(work);
    void Promise.allSettled([work]).then(() => this.#works.delete(work));
  }

  async #close(): Promise<void> {
    if (this.#works.size > 0) await Promise.allSettled(this.#works);
    this.#hasEnded = true;
  }
}
