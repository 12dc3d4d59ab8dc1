import { check } from "./check.ts";
import type { StoreScenario } from "./store-under-test.ts";
import { holds, write } from "./writing-scenarios.ts";

/** Milliseconds: short, as its end is waited for. */
const short = 100;
const minute = 60_000;

const pass = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

/** Entries that are of no use after a time. A store may remove them then, and need not. */
export const ttlScenarios: readonly StoreScenario[] = [
  {
    id: "ttl",
    group: "ttl",
    title: "keeps an entry until its time is over",
    async run({ store, other, key }) {
      const version = await store.compareAndSet(key, undefined, "one", { ttl: minute });
      check(version !== undefined, "a write with a ttl succeeds");
      await holds(store, key, version, "one", "before its time is over");
      await holds(other, key, version, "one", "before its time is over");
      const next = await other.compareAndSet(key, version, "two", { ttl: minute });
      check(next !== undefined, "an entry with a ttl is replaced by its version");
      await holds(store, key, next, "two", "before its time is over");
    },
  },
  {
    id: "ttl-rewritten",
    group: "ttl",
    title: "keeps an entry that was written again without an end",
    async run({ store, other, key }) {
      const [again, anew] = [`${key} again`, `${key} anew`];
      const first = (await store.compareAndSet(again, undefined, "one", { ttl: minute })) as string;
      const replaced = await store.compareAndSet(again, first, "two", { ttl: short });
      // On a machine that is very slow it is over by now, and created again.
      const second = await write(other, again, replaced === undefined ? undefined : (await other.read(again))?.version, "three");
      const third = (await store.compareAndSet(anew, undefined, "one", { ttl: short })) as string;
      const isDeleted = (await store.compareAndSet(anew, third, undefined)) !== undefined;
      const fourth = await write(other, anew, isDeleted ? undefined : (await other.read(anew))?.version, "two");
      await pass(short + 100);
      // Whatever a store does when it is written to, it does now.
      await write(store, key, undefined, "another entry");
      await holds(other, again, second, "three", "although an earlier value of it is over");
      await holds(store, anew, fourth, "two", "although it was deleted before and that value is over");
    },
  },
  {
    id: "ttl-over",
    group: "ttl",
    title: "writes over what is over by what it reads of it, and never gives its version again",
    async run({ store, other, key }) {
      const first = (await store.compareAndSet(key, undefined, "one", { ttl: short })) as string;
      await pass(short + 100);
      const entry = await other.read(key);
      check(
        entry === undefined || (entry.version === first && entry.value === "one"),
        "an entry that is over is there as it was, or not at all",
      );
      const second = await write(other, key, entry?.version, "two");
      check(second !== first, "no version is given twice");
      check((await store.compareAndSet(key, first, "late")) === undefined, "a write loses when its version is over");
      await holds(store, key, second, "two", "after an earlier value of it was over");
    },
  },
];
