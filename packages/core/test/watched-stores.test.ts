import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { changesOf } from "../src/store/entry-changes.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import type { ChangeListener, TokenStore } from "../src/store/store.ts";

/** Weak references and finalizers that a test works by hand. */
class Collector {
  isCollected = false;
  /** What is called when something registered is gone. */
  readonly finalizers: (() => void)[] = [];

  stub(): void {
    const isCollected = (): boolean => this.isCollected;
    const { finalizers } = this;
    class FakeWeakRef<Target extends object> {
      readonly #target: Target;
      constructor(target: Target) {
        this.#target = target;
      }

      deref(): Target | undefined {
        return isCollected() ? undefined : this.#target;
      }
    }
    class FakeRegistry<Held> {
      readonly #clean: (held: Held) => void;
      constructor(clean: (held: Held) => void) {
        this.#clean = clean;
      }

      register(_: object, held: Held): void {
        finalizers.push(() => this.#clean(held));
      }
    }
    vi.stubGlobal("WeakRef", FakeWeakRef);
    vi.stubGlobal("FinalizationRegistry", FakeRegistry);
  }
}

/** A module-level store that counts who listens to it, and a wrapper of it for each request. */
class Counted {
  readonly listeners = new Set<ChangeListener>();
  readonly #inner = memoryStore();

  wrapper(): TokenStore {
    return {
      ...this.#inner,
      watchAll: (changed) => {
        this.listeners.add(changed);
        return () => void this.listeners.delete(changed);
      },
    };
  }

  tell(...change: Parameters<ChangeListener>): void {
    for (const listener of this.listeners) listener(...change);
  }
}

let counted: Counted;
let collector: Collector;

beforeEach(() => {
  counted = new Counted();
  collector = new Collector();
  vi.resetModules();
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** The module as it is on a host with the globals of now. */
const load = (): Promise<{ changesOf: typeof changesOf }> => import("../src/store/entry-changes.ts");

describe("a store object for each request, over a store that stays", () => {
  it("is listened to for as long as somebody holds its changes, and no listener is left behind", async () => {
    collector.stub();
    const loaded = await load();
    for (let requests = 0; requests < 100; requests += 1) loaded.changesOf(counted.wrapper());
    expect([counted.listeners.size, collector.finalizers.length]).toEqual([100, 100]);
    collector.isCollected = true;
    for (const finalize of collector.finalizers) finalize();
    expect(counted.listeners.size).toBe(0);
  });

  it("whose changes are gone is told of nothing any more, also before its listener was stopped", async () => {
    collector.stub();
    const loaded = await load();
    const changes = loaded.changesOf(counted.wrapper());
    counted.tell("a", "1", "x.1");
    expect(changes.count).toBe(1);
    collector.isCollected = true;
    expect(() => counted.tell("a", "2", "x.2")).not.toThrow();
    expect(() => counted.tell()).not.toThrow();
    expect(changes.count).toBe(1);
  });

  it("is watched anew by whoever uses it after that", async () => {
    collector.stub();
    const loaded = await load();
    const store = counted.wrapper();
    const first = loaded.changesOf(store);
    collector.isCollected = true;
    collector.finalizers.shift()?.();
    collector.isCollected = false;
    // The reference of before has died for good; a fake one comes back to life, and the store is watched by nobody.
    expect(counted.listeners.size).toBe(0);
    collector.isCollected = true;
    const second = loaded.changesOf(store);
    collector.isCollected = false;
    expect([second === first, counted.listeners.size]).toEqual([false, 1]);
    counted.tell("a", "1");
    expect([first.count, second.count]).toEqual([0, 1]);
  });

  it.each<[string, string[]]>([
    ["weak references", ["WeakRef"]],
    ["finalizers", ["FinalizationRegistry"]],
    ["both", ["WeakRef", "FinalizationRegistry"]],
  ])("works on a host without %s", async (_, missing) => {
    for (const name of missing) vi.stubGlobal(name, undefined);
    const loaded = await load();
    const store = counted.wrapper();
    const changes = loaded.changesOf(store);
    counted.tell("a", "1", "x.1");
    expect([loaded.changesOf(store) === changes, changes.count, counted.listeners.size]).toEqual([true, 1, 1]);
  });
});
