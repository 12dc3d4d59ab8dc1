import { InvalidOptionError, StoreError } from "@tokenflight/core";
import { sqliteStore } from "@tokenflight/sqlite";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, vi } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

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

  it("keeps its mode, and a folder its own, when they are there already", async () => {
    using folder = temporaryFolder();
    const path = folder.file("shared/tokens.db");
    mkdirSync(folder.file("shared"));
    chmodSync(folder.file("shared"), 0o770);
    await sqliteStore({ path }).close();
    chmodSync(path, 0o660);
    await sqliteStore({ path }).close();
    expect([modeOf(folder.file("shared")), modeOf(path)]).toEqual(["770", "660"]);
  });

  it.each([
    ["of another program", "CREATE TABLE orders (id INTEGER); INSERT INTO orders VALUES (1)"],
    ["of another program that names itself", "PRAGMA application_id = 7"],
    ["of another program that counts its versions", "PRAGMA user_version = 1"],
  ])("is refused when it is a database %s, and left as it was", (_, sql) => {
    using folder = temporaryFolder();
    const path = folder.file("other.db");
    const other = new DatabaseSync(path);
    other.exec(sql);
    other.close();
    const before = readFileSync(path);
    const error = thrownBy(() => sqliteStore({ path }));
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ code: "ERR_STORE_RECORD_INVALID", message: expect.stringContaining("another program's") as unknown });
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(folder.path)).toEqual(["other.db"]);
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
    const error = thrownBy(() => sqliteStore({ path }));
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
      const error = thrownBy(() => sqliteStore({ path }));
      expect(error).toBeInstanceOf(StoreError);
      expect(error).toMatchObject({ code: "ERR_STORE_RECORD_INVALID", message: expect.stringContaining(path) as unknown });
    }
  });

  it("cannot be opened where there may be none: a typed error at construction", () => {
    using folder = temporaryFolder();
    writeFileSync(folder.file("file"), "");
    for (const path of [folder.path, folder.file("file/tokens.db")]) {
      expect(thrownBy(() => sqliteStore({ path }))).toMatchObject({ code: "ERR_STORE_UNAVAILABLE" });
    }
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

  it("says that the disk is full when there is no room for its tables", () => {
    using folder = temporaryFolder();
    const exec = DatabaseSync.prototype.exec;
    const full = vi.spyOn(DatabaseSync.prototype, "exec").mockImplementation(function (this: DatabaseSync, sql) {
      exec.call(this, "PRAGMA max_page_count = 1");
      exec.call(this, sql);
    });
    const error = thrownBy(() => sqliteStore({ path: folder.file("tokens.db") }));
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

  it.each([
    ["path", { path: "" }],
    ["path", { path: 5 }],
    ["path", {}],
    ["path", { path: ":memory:" }],
    ["path", { path: "file:tokens.db?mode=memory" }],
    ["busyTimeout", { path: "tokens.db", busyTimeout: -1 }],
    ["busyTimeout", { path: "tokens.db", busyTimeout: "1" }],
    ["sqliteStore.file", { file: "tokens.db" }],
  ])("has its options checked: %s", (option, wrong) => {
    const error = thrownBy(() => sqliteStore(wrong as never));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ option });
  });
});
