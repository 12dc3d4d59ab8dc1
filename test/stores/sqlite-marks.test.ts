import { sqliteStore } from "@tokenflight/sqlite";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, vi } from "vitest";
import { olderProcess } from "./sqlite-older.ts";
import { temporaryFolder } from "./temporary-folder.ts";

type Store = ReturnType<typeof sqliteStore>;

/** Listens, and has looked at the file before. */
async function listen(store: Store): Promise<unknown[][]> {
  await store.read("key");
  const told: unknown[][] = [];
  store.watchAll((...said) => told.push(said));
  return told;
}

describe("the mark of a write in a SQLite store", () => {
  it("is told to another process, and not believed of what an older process has written since", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    using older = olderProcess(path);
    await using store = sqliteStore({ path });
    await using other = sqliteStore({ path });
    const told = await listen(store);
    const first = await other.compareAndSet("key", undefined, "one", { mark: "lineage.1" });
    await vi.waitFor(() => expect(told).toEqual([["key", first, "lineage.1"]]), 5000);
    const second = older.write("key", "two");
    await vi.waitFor(() => expect(told.at(-1)).toEqual(["key", second]), 5000);
    const third = await other.compareAndSet("key", second, "three", { mark: "lineage.2" });
    const fourth = older.write("key", "four");
    await vi.waitFor(() => expect(told.at(-1)).toEqual(["key", fourth]), 5000);
    expect(told.filter(([, version]) => version === third).every(([, , mark]) => mark === "lineage.2")).toBe(true);
    const fifth = await other.compareAndSet("key", fourth, "five", { mark: "lineage.3" });
    await vi.waitFor(() => expect(told.at(-1)).toEqual(["key", fifth, "lineage.3"]), 5000);
    const removed = older.remove("key");
    await vi.waitFor(() => expect(told.at(-1)).toEqual(["key", removed]), 5000);
  });

  it("is not believed of a later write whose mark would stand in the same place, and takes no more room than these places", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    await using store = sqliteStore({ path });
    await using other = sqliteStore({ path });
    const told = await listen(store);
    using raw = new DatabaseSync(path);
    let version: string | undefined;
    for (const mark of ["lineage.1", "lineage.2", undefined, undefined, "lineage.3", "lineage.4", undefined]) {
      version = await other.compareAndSet("key", version, "value", { mark });
      await vi.waitFor(() => expect(told.at(-1)).toEqual(mark === undefined ? ["key", version] : ["key", version, mark]), 5000);
      // As if other entries had been written: there are places for 1024.
      raw.exec("UPDATE store SET writes = writes + 511");
    }
    expect(raw.prepare("SELECT mark FROM marks").all()).toEqual([{ mark: '"lineage.3"' }, { mark: '"lineage.4"' }]);
  });

  it("is told for each of very many entries that were written between two looks", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    await using store = sqliteStore({ path });
    await store.read("key");
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const told = await listen(store);
    using raw = new DatabaseSync(path);
    raw.exec("BEGIN");
    const put = raw.prepare("INSERT INTO entries VALUES (?, ?, 'value')");
    const mark = raw.prepare("INSERT OR REPLACE INTO marks VALUES (?1 % 1024, ?1, ?2)");
    for (let write = 1; write <= 1000; write += 1) {
      put.run(`key ${write}`, write);
      mark.run(write, JSON.stringify(`lineage.${write}`));
    }
    raw.exec("UPDATE store SET writes = 1000; COMMIT");
    vi.advanceTimersByTime(50);
    vi.useRealTimers();
    expect(told.map(([key, , said]) => [key, said])).toEqual(
      Array.from({ length: 1000 }, (_, index) => [`key ${index + 1}`, `lineage.${index + 1}`]),
    );
  });

  it.each(["lineage.1", '{"mark":"lineage.1"}', "1", JSON.stringify("x".repeat(201))])(
    "is told as none when somebody has put %s in its place",
    async (text) => {
      using folder = temporaryFolder();
      const path = folder.file("tokens.db");
      await using store = sqliteStore({ path });
      await using other = sqliteStore({ path });
      const told = await listen(store);
      using raw = new DatabaseSync(path);
      raw.exec(`CREATE TRIGGER somebody AFTER INSERT ON marks BEGIN UPDATE marks SET mark = '${text}'; END`);
      const version = await other.compareAndSet("key", undefined, "one", { mark: "lineage.1" });
      await vi.waitFor(() => expect(told).toEqual([["key", version]]), 5000);
    },
  );

  it.each([
    ["longer than 200 characters", { mark: "x".repeat(201) }],
    ["no text", { mark: 5 as unknown as string }],
    ["inherited", Object.create({ mark: "lineage.1" }) as object],
    ["not there", {}],
  ])("is none when it is %s, and costs no statement", async (_, options) => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    await using store = sqliteStore({ path });
    const told = await listen(store);
    const version = await store.compareAndSet("key", undefined, "one", options);
    expect(told).toEqual([["key", version]]);
    await store.compareAndSet("key", version, undefined, { mark: "lineage.1" });
    using raw = new DatabaseSync(path);
    expect(raw.prepare("SELECT * FROM marks").all()).toEqual([]);
  });
});
