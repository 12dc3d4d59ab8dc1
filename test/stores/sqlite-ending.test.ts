import { sqliteStore } from "@tokenflight/sqlite";
import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, it, vi } from "vitest";
import { olderProcess } from "./sqlite-older.ts";
import { temporaryFolder } from "./temporary-folder.ts";

afterEach(() => void vi.useRealTimers());

const minute = 60_000;
const later = (time: number): void => void vi.setSystemTime(Date.now() + time);

/** Writes, which is when a store tidies up, and waits until the entry that ends with this write is gone as well: then it has. */
async function tidied(store: ReturnType<typeof sqliteStore>): Promise<void> {
  const key = `tidied ${crypto.randomUUID()}`;
  await store.compareAndSet(key, undefined, "of no use any more", { ttl: 1 });
  await vi.waitFor(async () => expect(await store.read(key)).toBeUndefined(), { timeout: 10_000, interval: 50 });
}

describe("entries of a SQLite store that end", () => {
  it("are there until then, and leave the file after a write that comes later", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    await using store = sqliteStore({ path });
    vi.useFakeTimers({ toFake: ["Date"] });
    await store.compareAndSet("over", undefined, "one", { ttl: minute });
    await store.compareAndSet("longer", undefined, "one", { ttl: 10 * minute });
    await store.compareAndSet("for ever", undefined, "one");
    await tidied(store);
    expect((await store.read("over"))?.value).toBe("one");
    later(2 * minute);
    await tidied(store);
    expect(await Promise.all(["over", "longer", "for ever"].map(async (key) => (await store.read(key))?.value))).toEqual([
      undefined,
      "one",
      "one",
    ]);
    using raw = new DatabaseSync(path);
    expect(raw.prepare("SELECT key FROM expiries").all()).toEqual([{ key: "longer" }]);
  });

  it("stay when they were written again, with a later end, without one, or after they were deleted", async () => {
    using folder = temporaryFolder();
    await using store = sqliteStore({ path: folder.file("tokens.db") });
    vi.useFakeTimers({ toFake: ["Date"] });
    const keys = ["later", "for ever", "anew"];
    const versions = await Promise.all(keys.map((key) => store.compareAndSet(key, undefined, "one", { ttl: minute })));
    await store.compareAndSet("later", versions[0], "two", { ttl: 10 * minute });
    await store.compareAndSet("for ever", versions[1], "two");
    await store.compareAndSet("anew", versions[2], undefined);
    await store.compareAndSet("anew", undefined, "two");
    later(2 * minute);
    await tidied(store);
    expect(await Promise.all(keys.map(async (key) => (await store.read(key))?.value))).toEqual(["two", "two", "two"]);
  });

  it("leave a few at a time, all of them in the end, and other processes read and write meanwhile", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    await using store = sqliteStore({ path });
    await using another = sqliteStore({ path });
    await store.read("key");
    using raw = new DatabaseSync(path);
    raw.exec(`
      WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 450)
      INSERT INTO entries SELECT 'old ' || n, n, 'of no use' FROM number;
      INSERT INTO expiries SELECT key, version, 1000 FROM entries;
      UPDATE store SET writes = 450;
    `);
    await store.compareAndSet("key", undefined, "one");
    const left = (): unknown => raw.prepare("SELECT count(*) AS entries FROM entries WHERE key LIKE 'old %'").get()?.["entries"];
    const counts = new Set<unknown>();
    await vi.waitFor(
      async () => {
        expect((await another.read("key"))?.value).toBe("one");
        counts.add(left());
        expect(left()).toBe(0);
      },
      { timeout: 15_000, interval: 20 },
    );
    expect([...counts].toSorted()).toEqual([0, 250, 450, 50]);
  });
});

describe("a file that processes of an older version use at the same time", () => {
  it("is used as it is, gets what it lacks, and loses nothing that an older process wrote again", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    using older = olderProcess(path);
    older.write("old", "one");
    await using store = sqliteStore({ path });
    const entry = await store.read("old");
    expect(entry).toEqual({ version: older.versionOf("old"), value: "one" });
    vi.useFakeTimers({ toFake: ["Date"] });
    await store.compareAndSet("old", entry?.version, "two", { ttl: minute });
    await store.compareAndSet("over", undefined, "one", { ttl: minute });
    older.write("old", "three");
    older.write("another", "one");
    later(2 * minute);
    await tidied(store);
    expect(await Promise.all(["old", "over", "another"].map(async (key) => (await store.read(key))?.value))).toEqual([
      "three",
      undefined,
      "one",
    ]);
    older.write("over", "by the older one");
    expect((await store.read("over"))?.value).toBe("by the older one");
    older.remove("over");
    expect(await store.read("over")).toBeUndefined();
  });

  it("tells who listens to all entries of what an older process writes and deletes", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    using older = olderProcess(path);
    older.write("key", "one");
    await using store = sqliteStore({ path });
    await store.read("key");
    const told: unknown[] = [];
    store.watchAll((...said) => told.push(said));
    const written = older.write("key", "two");
    await vi.waitFor(() => expect(told).toEqual([["key", written]]), 5000);
    const removed = older.remove("key");
    await vi.waitFor(
      () =>
        expect(told).toEqual([
          ["key", written],
          ["key", removed],
        ]),
      5000,
    );
  });
});
