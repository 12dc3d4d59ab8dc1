import { InvalidOptionError, StoreError } from "@tokenflight/core";
import { sqliteStore } from "@tokenflight/sqlite";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, vi } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

/** What the first operation on a file rejects with. */
async function refusalOf(path: string): Promise<unknown> {
  await using store = sqliteStore({ path });
  return store.read("key").catch((error: unknown) => error);
}

function thrownBy(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe("the file of a SQLite store", () => {
  it("is made for its owner alone, and so are its folders and its log", async () => {
    using folder = temporaryFolder();
    const path = folder.file("deep/down/tokens.db");
    const store = sqliteStore({ path });
    await store.compareAndSet("key", undefined, "one");
    expect(["deep", "deep/down"].map((name) => modeOf(folder.file(name)))).toEqual(["700", "700"]);
    expect(readdirSync(folder.file("deep/down")).toSorted()).toEqual(["tokens.db", "tokens.db-shm", "tokens.db-wal"]);
    expect(["", "-shm", "-wal"].map((ending) => modeOf(path + ending))).toEqual(["600", "600", "600"]);
    await store.close();
    expect(readdirSync(folder.file("deep/down"))).toEqual(["tokens.db"]);
  });

  it("is touched by the first operation, and not before", async () => {
    using folder = temporaryFolder();
    const path = folder.file("deep/tokens.db");
    const store = sqliteStore({ path });
    store.watchAll(() => {})();
    await store.close();
    expect(readdirSync(folder.path)).toEqual([]);
    await using another = sqliteStore({ path });
    await another.read("key");
    expect(existsSync(path)).toBe(true);
  });

  it("is tried again by each operation when it could not be opened", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    mkdirSync(path);
    await using store = sqliteStore({ path });
    for (let round = 0; round < 2; round += 1) await expect(store.read("key")).rejects.toBeInstanceOf(StoreError);
    rmSync(path, { recursive: true });
    expect(await store.compareAndSet("key", undefined, "one")).toBeDefined();
  });

  it.each([
    ["of another program", "CREATE TABLE orders (id INTEGER); INSERT INTO orders VALUES (1)"],
    ["of another program that names itself", "PRAGMA application_id = 7"],
    ["of another program that counts its versions", "PRAGMA user_version = 1"],
  ])("is refused when it is a database %s, and left as it was", async (_, sql) => {
    using folder = temporaryFolder();
    const path = folder.file("other.db");
    const other = new DatabaseSync(path);
    other.exec(sql);
    other.close();
    const before = readFileSync(path);
    const mode = modeOf(path);
    const error = await refusalOf(path);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ code: "ERR_STORE_RECORD_INVALID", message: expect.stringContaining("another program's") as unknown });
    expect(readFileSync(path).equals(before)).toBe(true);
    expect([readdirSync(folder.path), modeOf(path)]).toEqual([["other.db"], mode]);
  });

  it("is refused when a newer version wrote it, and left as it was", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    const store = sqliteStore({ path });
    await store.compareAndSet("key", undefined, "one");
    await store.close();
    const newer = new DatabaseSync(path);
    newer.exec("PRAGMA user_version = 2");
    newer.close();
    const before = readFileSync(path);
    const error = await refusalOf(path);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ code: "ERR_STORE_RECORD_INVALID", message: expect.stringContaining("schema version 2") as unknown });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("is refused when it is no database, or a damaged one", async () => {
    using folder = temporaryFolder();
    const text = folder.file("notes.txt");
    writeFileSync(text, "Dear diary, ".repeat(1000));
    const cut = folder.file("cut.db");
    const store = sqliteStore({ path: cut });
    await store.compareAndSet("key", undefined, "x".repeat(100_000));
    await store.close();
    truncateSync(cut, 5000);
    for (const path of [text, cut]) {
      const error = await refusalOf(path);
      expect(error).toBeInstanceOf(StoreError);
      expect(error).toMatchObject({ code: "ERR_STORE_RECORD_INVALID", message: expect.stringContaining(path) as unknown });
    }
  });

  it("is refused where there can be none: what is no file is left as it is", async () => {
    using folder = temporaryFolder();
    writeFileSync(folder.file("file"), "");
    const mode = modeOf("/dev/null");
    for (const path of [folder.path, folder.file("file/tokens.db"), "/dev/null"]) {
      expect(await refusalOf(path)).toMatchObject({ code: "ERR_STORE_UNAVAILABLE" });
    }
    expect(modeOf("/dev/null")).toBe(mode);
  });

  it("has no trace of a value soon after it was replaced, while it is in use", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    const store = sqliteStore({ path });
    const first = await store.compareAndSet("key", undefined, "the-old-refresh-token");
    const second = await store.compareAndSet("key", first, "the-new-refresh-token");
    await vi.waitFor(() => expect(statSync(`${path}-wal`).size).toBe(0), { timeout: 10_000, interval: 50 });
    // Not before it is closed: whoever closes a file of the database drops the locks of this process.
    const third = await store.compareAndSet("key", second, undefined);
    await store.close();
    const left = readFileSync(path).toString("latin1");
    expect(third).toBeDefined();
    expect(left).not.toContain("the-old-refresh-token");
    expect(left).not.toContain("the-new-refresh-token");
  });

  it("has no trace of it either when somebody read at the moment when the log was to be emptied", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    const store = sqliteStore({ path });
    using reader = new DatabaseSync(path);
    const first = await store.compareAndSet("key", undefined, "the-old-refresh-token");
    reader.exec("BEGIN; SELECT * FROM entries");
    reader.prepare("SELECT * FROM entries").get();
    await store.compareAndSet("key", first, "the-new-refresh-token");
    const tried = vi.spyOn(DatabaseSync.prototype, "prepare");
    await vi.waitFor(() => expect(tried).toHaveBeenCalledWith("PRAGMA wal_checkpoint(TRUNCATE)"), { timeout: 10_000, interval: 20 });
    tried.mockRestore();
    expect(statSync(`${path}-wal`).size).toBeGreaterThan(0);
    reader.exec("COMMIT");
    await vi.waitFor(() => expect(statSync(`${path}-wal`).size).toBe(0), { timeout: 10_000, interval: 20 });
    await store.close();
  });

  it("says that the disk is full when there is no room for its tables", async () => {
    using folder = temporaryFolder();
    const exec = DatabaseSync.prototype.exec;
    const full = vi.spyOn(DatabaseSync.prototype, "exec").mockImplementation(function (this: DatabaseSync, sql) {
      exec.call(this, "PRAGMA max_page_count = 1");
      exec.call(this, sql);
    });
    const error = await refusalOf(folder.file("tokens.db"));
    full.mockRestore();
    expect(error).toMatchObject({ code: "ERR_STORE_UNAVAILABLE", message: expect.stringContaining("disk is full") as unknown });
  });

  it("is made anew when it was removed while in use, and no version of before means anything in it", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    const store = sqliteStore({ path });
    const before = await store.compareAndSet("key", undefined, "one");
    for (const name of readdirSync(folder.path)) rmSync(folder.file(name));
    expect(await store.read("key")).toBeUndefined();
    const another = sqliteStore({ path });
    const after = await another.compareAndSet("key", undefined, "two");
    expect(await store.read("key")).toEqual({ version: after, value: "two" });
    expect(await store.compareAndSet("key", before, "late")).toBeUndefined();
    await Promise.all([store.close(), another.close()]);
  });

  it("is another one when its own backup has taken its place, and no version of before means anything in it", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    await using store = sqliteStore({ path });
    const backedUp = await store.compareAndSet("key", undefined, "one");
    using raw = new DatabaseSync(path);
    raw.exec(`VACUUM INTO '${folder.file("backup.db")}'`);
    const before = await store.compareAndSet("key", backedUp, "two");
    for (const ending of ["-wal", "-shm"]) rmSync(path + ending);
    renameSync(folder.file("backup.db"), path);
    await using another = sqliteStore({ path });
    const restored = await another.read("key");
    expect(restored?.value).toBe("one");
    // As many writes as there were before.
    const after = await another.compareAndSet("key", restored?.version, "three");
    expect([backedUp, before]).not.toContain(after);
    expect(await store.compareAndSet("key", before, "late")).toBeUndefined();
    expect(await store.read("key")).toEqual({ version: after, value: "three" });
  });

  it.each([
    ["path", { path: "" }, "the path of a file"],
    ["path", { path: 5 }, "got 5"],
    ["path", {}, "got nothing"],
    ["path", { path: "file:tokens.db?mode=memory" }, "write new URL"],
    ["path", { path: "~alice/tokens.db" }, '"./~" begins a name with a tilde'],
    ["path", { path: "tokens.db\0" }, "NUL"],
    ["path", { path: new URL("https://example.com/tokens.db") }, "a URL of https:"],
    ["path", { path: new URL("file:///tokens.db?mode=ro") }, "pathToFileURL"],
    ["path", { path: new URL("file:///a%2Fb") }, "a URL that is no path"],
    ["busyTimeout", { path: "tokens.db", busyTimeout: -1 }, "seconds"],
    ["busyTimeout", { path: "tokens.db", busyTimeout: "1" }, "seconds"],
    ["warn", { path: "tokens.db", warn: true }, "a function"],
    ["sqliteStore.file", { file: "tokens.db" }, "an unknown option"],
  ])("has its options checked: %s", (option, wrong, told) => {
    const error = thrownBy(() => sqliteStore(wrong as never));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ option, message: expect.stringContaining(told) as unknown });
  });
});
