import { sqliteStore } from "@tokenflight/sqlite";
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { storeContract } from "../contract/store.ts";
import { temporaryFolder } from "./temporary-folder.ts";

afterEach(() => void vi.unstubAllEnvs());

describe("the path of a SQLite store", () => {
  it("may begin with the home directory", async () => {
    using folder = temporaryFolder();
    vi.stubEnv("HOME", folder.path);
    await using store = sqliteStore({ path: "~/app/tokens.db" });
    await store.read("key");
    expect([existsSync(folder.file("app/tokens.db")), existsSync("~")]).toEqual([true, false]);
  });

  it.each(["~", "~tokens.db", "we ird?mode=ro#x%20.db"])("may hold characters that mean something elsewhere: %s", async (name) => {
    using folder = temporaryFolder();
    await using store = sqliteStore({ path: folder.file(name) });
    await store.read("key");
    expect(existsSync(folder.file(name))).toBe(true);
  });

  it("may be none, which is no file", async () => {
    await using store = sqliteStore({ path: ":memory:" });
    const version = await store.compareAndSet("key", undefined, "one");
    expect(await store.read("key")).toEqual({ version, value: "one" });
    await using another = sqliteStore({ path: ":memory:" });
    expect([await another.read("key"), existsSync(":memory:")]).toEqual([undefined, false]);
  });

  it("may be a URL", async () => {
    using folder = temporaryFolder();
    const path = folder.file("a b%#?.db");
    await using store = sqliteStore({ path: pathToFileURL(path) });
    await using another = sqliteStore({ path });
    const version = await store.compareAndSet("key", undefined, "one");
    expect(await another.read("key")).toEqual({ version, value: "one" });
  });
});

storeContract({
  name: "SQLite store in memory",
  open: async () => ({ store: sqliteStore({ path: ":memory:" }), close: async () => {} }),
});
