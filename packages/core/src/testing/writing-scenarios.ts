import type { TokenStore, Version } from "../store/store.ts";
import { check } from "./check.ts";
import type { StoreScenario } from "./store-under-test.ts";

/** Writes where nobody else does, so that it must succeed. */
export async function write(store: TokenStore, key: string, expected: Version | undefined, value: string | undefined): Promise<Version> {
  const version = await store.compareAndSet(key, expected, value);
  check(version !== undefined, "a write with the current version succeeds");
  return version;
}

async function lose(store: TokenStore, key: string, expected: Version | undefined, value: string | undefined, when: string): Promise<void> {
  check((await store.compareAndSet(key, expected, value)) === undefined, `a write loses ${when}`);
}

export async function holds(store: TokenStore, key: string, version: Version, value: string, when: string): Promise<void> {
  const entry = await store.read(key);
  check(entry !== undefined, `the entry is there ${when}`);
  check(entry.value === value, `the value is the one that was written ${when}`);
  check(entry.version === version, `the version is the one that the write resolved to ${when}`);
}

async function isEmpty(store: TokenStore, key: string, when: string): Promise<void> {
  check((await store.read(key)) === undefined, `there is no entry ${when}`);
}

/** One writer at a time: what reads and writes mean. */
export const writingScenarios: readonly StoreScenario[] = [
  {
    id: "read-nothing",
    title: "reads nothing of a key that nobody wrote",
    async run({ store, other, key }) {
      await isEmpty(store, key, "before the first write");
      await isEmpty(other, key, "before the first write");
    },
  },
  {
    id: "create",
    title: "creates an entry when none is expected, and only while there is none",
    async run({ store, key }) {
      const version = await write(store, key, undefined, "one");
      await holds(store, key, version, "one", "after it was created");
      await lose(store, key, undefined, "two", "when it expects no entry and there is one");
      await holds(store, key, version, "one", "after a write that lost");
    },
  },
  {
    id: "replace",
    title: "replaces an entry of the version that is expected",
    async run({ store, other, key }) {
      const first = await write(store, key, undefined, "one");
      const second = await write(store, key, first, "two");
      check(second !== first, "each write gives another version");
      await holds(other, key, second, "two", "after it was replaced");
      const third = await write(other, key, second, "two");
      check(third !== second, "a write of the same value gives another version, too");
    },
  },
  {
    id: "lose",
    title: "writes nothing over a version that is not the one expected",
    async run({ store, other, key }) {
      await lose(store, key, "no such version", "one", "when it expects a version and there is no entry");
      await isEmpty(store, key, "after a write that lost");
      const first = await write(store, key, undefined, "one");
      const second = await write(other, key, first, "two");
      await lose(store, key, first, "late", "when the version has been replaced");
      await lose(store, key, first, undefined, "when it deletes a version that has been replaced");
      await lose(store, key, "no such version", "foreign", "when it expects a version that never was");
      await holds(store, key, second, "two", "after writes that lost");
    },
  },
  {
    id: "delete",
    title: "deletes an entry of the version that is expected",
    async run({ store, other, key }) {
      const version = await write(store, key, undefined, "one");
      await write(store, key, version, undefined);
      await isEmpty(other, key, "after it was deleted");
      await lose(other, key, version, "late", "when the entry has been deleted");
      await lose(other, key, version, undefined, "when it deletes for a second time");
    },
  },
  {
    id: "versions-never-repeat",
    title: "never gives a version twice, deleted and created again as often as you like",
    async run({ store, other, key }) {
      const versions = new Set<Version>();
      for (let round = 0; round < 10; round += 1) {
        const [writer, next] = round % 2 === 0 ? [store, other] : [other, store];
        const created = await write(writer, key, undefined, "same");
        const replaced = await write(next, key, created, "same");
        await write(writer, key, replaced, undefined);
        versions.add(created).add(replaced);
      }
      check(versions.size === 20, "no version is given twice");
    },
  },
  {
    id: "stale-after-delete",
    title: "refuses a version from before the entry was deleted and created again",
    async run({ store, other, key }) {
      const first = await write(store, key, undefined, "one");
      await write(other, key, first, undefined);
      const second = await write(other, key, undefined, "one");
      await lose(store, key, first, "late", "when its version is from before a deletion");
      await lose(store, key, first, undefined, "when it deletes with a version from before a deletion");
      await holds(store, key, second, "one", "after a write that lost");
    },
  },
];
