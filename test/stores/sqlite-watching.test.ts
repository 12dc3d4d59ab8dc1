import { sqliteStore } from "@tokenflight/sqlite";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { backup, DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, it, vi } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

afterEach(() => void vi.useRealTimers());

type Told = [key: string | undefined, version: string | undefined];

function listen(store: ReturnType<typeof sqliteStore>): { told: Told[]; stop(): void } {
  const told: Told[] = [];
  const stop = store.watchAll((key, version) => told.push([key, version]));
  return { told, stop };
}

describe("whoever listens to all entries of a SQLite store", () => {
  it("is told of another handle's writes and deletions with key and version, of each key's last one", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    await using store = sqliteStore({ path });
    await using other = sqliteStore({ path });
    const first = await other.compareAndSet("before", undefined, "one");
    await store.read("before");
    const { told } = listen(store);
    const one = await other.compareAndSet("key", undefined, "one");
    const two = await other.compareAndSet("key", one, "two");
    const deleted = await other.compareAndSet("before", first, undefined);
    await vi.waitFor(() => expect(told.at(-1)).toEqual(["before", deleted]), 5000);
    expect(told).toContainEqual(["key", two]);
    expect(told.every(([, version]) => [one, two, deleted].includes(version))).toBe(true);
  });

  it("is told of this handle's writes at once, and not again by a look at the file", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    await using store = sqliteStore({ path });
    await using other = sqliteStore({ path });
    await store.read("key");
    const { told } = listen(store);
    const own = await store.compareAndSet("own", undefined, "one");
    expect(told).toEqual([["own", own]]);
    const foreign = await other.compareAndSet("foreign", undefined, "one");
    await vi.waitFor(() => expect(told).toHaveLength(2), 5000);
    expect(told).toEqual([
      ["own", own],
      ["foreign", foreign],
    ]);
  });

  it("is told that anything may have changed after very many writes, and in a file that was replaced", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    await using store = sqliteStore({ path });
    await store.read("key");
    const { told } = listen(store);
    using raw = new DatabaseSync(path);
    raw.exec("UPDATE store SET writes = writes + 5000");
    await vi.waitFor(() => expect(told).toEqual([[undefined, undefined]]), 5000);
    for (const name of readdirSync(folder.path)) rmSync(folder.file(name));
    await using other = sqliteStore({ path });
    await other.compareAndSet("key", undefined, "one");
    await vi.waitFor(
      () =>
        expect(told).toEqual([
          [undefined, undefined],
          [undefined, undefined],
        ]),
      5000,
    );
    const version = await other.compareAndSet("another", undefined, "one");
    await vi.waitFor(() => expect(told.at(-1)).toEqual(["another", version]), 5000);
  });

  it("is told that anything may have changed when the file was turned back to a backup of it", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    await using store = sqliteStore({ path });
    const first = await store.compareAndSet("key", undefined, "one");
    using raw = new DatabaseSync(path);
    raw.exec(`VACUUM INTO '${folder.file("backup.db")}'`);
    await store.compareAndSet("key", first, "two");
    const { told } = listen(store);
    using copy = new DatabaseSync(folder.file("backup.db"));
    await backup(copy, path);
    await vi.waitFor(() => expect(told).toEqual([[undefined, undefined]]), 5000);
    expect(await store.read("key")).toEqual({ version: first, value: "one" });
  });

  it("is told of a file that somebody else makes later, and makes none by listening", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    await using store = sqliteStore({ path });
    const { told } = listen(store);
    vi.advanceTimersByTime(1000);
    expect(readdirSync(folder.path)).toEqual([]);
    await using other = sqliteStore({ path });
    const version = await other.compareAndSet("key", undefined, "one");
    vi.advanceTimersByTime(50);
    expect(told).toEqual([["key", version]]);
  });

  it("is told again when a file that could not be opened can be", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    writeFileSync(path, "Dear diary, ".repeat(1000));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    await using store = sqliteStore({ path });
    const { told } = listen(store);
    vi.advanceTimersByTime(5000);
    rmSync(path);
    await using other = sqliteStore({ path });
    await other.compareAndSet("key", undefined, "one");
    vi.advanceTimersByTime(600);
    expect(told).toEqual([[undefined, undefined]]);
  });
});

describe("all who watch one SQLite store", () => {
  it("share one timer, which is quick only while somebody waits for one entry, and ends with the last of them", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    await using store = sqliteStore({ path });
    await store.read("key");
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const looks = vi.spyOn(DatabaseSync.prototype, "prepare");
    const listening = Array.from({ length: 100 }, () => listen(store));
    expect(vi.getTimerCount()).toBe(1);
    await using other = sqliteStore({ path });
    const told = (): number => listening[0]?.told.length ?? 0;
    const delayOf = async (key: string): Promise<number> => {
      await other.compareAndSet(key, undefined, "one");
      const before = told();
      let passed = 0;
      for (; told() === before; passed += 1) vi.advanceTimersByTime(1);
      return passed;
    };
    vi.advanceTimersByTime(50);
    expect(await delayOf("one")).toBe(50);
    const stop = store.watch("key", () => {});
    expect(await delayOf("two")).toBe(10);
    expect(await delayOf("three")).toBe(10);
    // Whoever watches and stops again and again delays no look.
    for (let turn = 0; turn < 20; turn += 1) {
      store.watch("key", () => {})();
      vi.advanceTimersByTime(1);
    }
    stop();
    await delayOf("four");
    expect(await delayOf("five")).toBe(50);
    for (const each of listening) each.stop();
    vi.advanceTimersByTime(50);
    await other.close();
    looks.mockRestore();
    expect(vi.getTimerCount()).toBe(0);
  });
});
