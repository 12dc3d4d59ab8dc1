import fc from "fast-check";
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { changesOf, EntryChanges } from "../src/store/entry-changes.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import "./fixed-seed.ts";

describe("the changes of a store's entries", () => {
  it("are known since any count: the last one of each entry, and each that may have been one of any", () => {
    const change = fc.record({ key: fc.constantFrom(undefined, "a", "b", "c"), version: fc.constantFrom("1", "2", "3") });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (given) => {
        const changes = new EntryChanges();
        /** For each entry, the counts before which it has changed last. */
        const last = new Map<string, { count: number; version: string | undefined }>();
        const seen = [0];
        for (const { key, version } of given) {
          const before = changes.count;
          changes.changed(key, version);
          // A version that is known already is told of once.
          const isKnown = key !== undefined && last.get(key)?.version === version;
          expect(changes.count - before).toBe(isKnown ? 0 : 1);
          if (isKnown) continue;
          seen.push(changes.count);
          if (key === undefined) for (const each of ["a", "b", "c"]) last.set(each, { count: changes.count, version: undefined });
          else last.set(key, { count: changes.count, version });
        }
        for (const count of seen) {
          for (const each of ["a", "b", "c"]) {
            const known = last.get(each);
            expect(changes.since(each, count) !== undefined).toBe(known !== undefined && known.count > count);
          }
        }
      }),
    );
  });

  it.each(["before", "after"])("count a write of this process once, when the store tells of it %s", (order) => {
    const changes = new EntryChanges();
    const record = { generation: 1 };
    if (order === "before") changes.changed("a", "1", "x.1");
    changes.wrote("a", { version: "1", mark: "x.1", written: record, replaced: undefined, heard: 0 });
    if (order === "after") changes.changed("a", "1", "x.1");
    expect(changes.count).toBe(1);
    expect(changes.since("a", 0)?.written?.deref()).toBe(record);
    expect(changes.since("a", 0)?.mark).toBe("x.1");
    expect(changes.since("a", 1)).toBeUndefined();
  });

  it.each<[string, (changes: EntryChanges) => void]>([
    ["the store tells of it again, without a mark", (changes) => changes.changed("a", "1")],
    ["a cache finds it", (changes) => changes.found("a", "1", "x.1", changes.count)],
    ["another entry changes", (changes) => changes.changed("b", "7", "y.1")],
  ])("keep the mark of a write of this process when its record is gone: %s", (_, then) => {
    const changes = new EntryChanges();
    changes.wrote("a", { version: "1", mark: "x.1", written: { generation: 1 }, replaced: undefined, heard: 0 });
    then(changes);
    expect(changes.since("a", 0)).toMatchObject({ version: "1", mark: "x.1" });
  });

  it("are known as what they are when they come after one that may have been of any entry", () => {
    const changes = new EntryChanges();
    changes.changed();
    changes.changed("a", "1", "x.1");
    expect(changes.since("a", 0)).toMatchObject({ version: "1", mark: "x.1" });
    expect(changes.since("b", 0)).toMatchObject({ version: undefined, mark: undefined });
    changes.changed();
    expect(changes.since("a", 0)).toMatchObject({ version: undefined, mark: undefined });
  });

  it("keep what was heard while a write of this process was under way, unless it was what the write has replaced", () => {
    for (const [replaced, isOver] of [
      ["1", true],
      [undefined, false],
      ["0", false],
    ] as const) {
      const changes = new EntryChanges();
      // The write begins, the store tells of another one, and then the write is acknowledged.
      changes.changed("a", "1", "x.1");
      const record = { generation: 1 };
      changes.wrote("a", { version: "2", mark: "x.1", written: record, replaced, heard: 0 });
      expect(changes.since("a", 0)?.version).toBe(isOver ? "2" : "1");
      // One that begins later replaces all that was heard before.
      changes.wrote("a", { version: "3", mark: "x.1", written: record, replaced: undefined, heard: changes.count });
      expect(changes.since("a", 0)?.written?.deref()).toBe(record);
    }
  });

  it("keep the last 10,000 entries, and of the others that they may have changed", () => {
    const changes = new EntryChanges();
    for (let index = 0; index < 10_001; index += 1) changes.changed(`key-${index}`, "1");
    // Who has not looked since then looks again, whatever its entry; who has looked later has missed nothing.
    expect(changes.since("key-0", 0)).toMatchObject({ version: undefined });
    expect(changes.since("never told of", 0)).toBeDefined();
    expect(changes.since("never told of", 1)).toBeUndefined();
    expect(changes.since("key-1", 1)?.version).toBe("1");
    expect(changes.since("key-10000", 10_000)?.version).toBe("1");
  });

  it("of 70,000 entries make each cache look once, and after that only those whose place a later change has taken", () => {
    const changes = new EntryChanges();
    const keys = Array.from({ length: 70_000 }, (_, index) => createHash("sha256").update(`subject-${index}`).digest("hex"));
    const heard = new Map<string, number>(keys.map((each) => [each, 0]));
    /** Every cache is used once. How many of them have to look? */
    const looks = (): number => {
      let looked = 0;
      for (const each of keys) {
        const before = changes.count;
        if (changes.since(each, heard.get(each) ?? 0) === undefined) continue;
        looked += 1;
        changes.found(each, "1", "x.1", before);
        heard.set(each, before);
      }
      return looked;
    };
    for (const each of keys) changes.changed(each, "1", "x.1");
    expect(looks()).toBe(keys.length);
    expect([looks(), looks()]).toEqual([0, 0]);
    // What other processes write for their subjects makes few look here: those of the forgotten changes' places.
    for (let index = 0; index < 500; index += 1)
      changes.changed(createHash("sha256").update(`stranger-${index}`).digest("hex"), "1", "y.1");
    expect(looks()).toBeLessThan(2000);
    expect(looks()).toBe(0);
  });

  it("are those of the store object, for all who share it, and nobody is watched twice", () => {
    const store = memoryStore();
    let watching = 0;
    const counted = {
      ...store,
      watchAll: (...given: Parameters<typeof store.watchAll>) => {
        watching += 1;
        return store.watchAll(...given);
      },
    };
    expect(changesOf(counted)).toBe(changesOf(counted));
    expect(changesOf({ ...counted })).not.toBe(changesOf(counted));
    expect(watching).toBe(2);
    expect(() =>
      changesOf({
        ...store,
        watchAll: () => {
          throw new Error("no");
        },
      }),
    ).not.toThrow();
  });
});
