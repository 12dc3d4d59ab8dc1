import { StoreError } from "@tokenflight/core";
import { sqliteStore, type SqliteWarning } from "@tokenflight/sqlite";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

const visitor = fileURLToPath(new URL("sqlite-visitor.ts", import.meta.url));
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;
const endings = ["", "-wal", "-shm"];

const modesOf = (path: string): string[] => endings.map((ending) => (statSync(path + ending).mode & 0o777).toString(8));

/** Visits a store as another user, in the group of root or in one of their own. */
function visit(path: string, group = "root"): unknown {
  const { stdout, status } = spawnSync(process.execPath, ["--no-warnings", "--conditions=source", visitor, path, group], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  expect(status).toBe(0);
  return JSON.parse(stdout.toString());
}

describe("who may do what with a SQLite store", () => {
  it("is decided for a file behind a symbolic link, too: it is made for its owner alone", async () => {
    using folder = temporaryFolder();
    mkdirSync(folder.file("elsewhere"));
    const target = folder.file("elsewhere/tokens.db");
    symlinkSync(target, folder.file("tokens.db"));
    const store = sqliteStore({ path: folder.file("tokens.db") });
    await store.compareAndSet("key", undefined, "one");
    expect(modesOf(target)).toEqual(["600", "600", "600"]);
    await store.close();
  });

  it.each([0o644, 0o666, 0o664, 0o601])("is the owner's alone after every user could open the file: mode %o becomes 600", async (mode) => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    writeFileSync(path, "");
    chmodSync(path, mode);
    const warnings: SqliteWarning[] = [];
    await using store = sqliteStore({ path, warn: (warning) => warnings.push(warning) });
    await store.compareAndSet("key", undefined, "one");
    expect(modesOf(path)).toEqual(["600", "600", "600"]);
    // One that is in use, too, with its log.
    for (const ending of endings) chmodSync(path + ending, mode);
    await using another = sqliteStore({ path, warn: (warning) => warnings.push(warning) });
    expect((await another.read("key"))?.value).toBe("one");
    expect(modesOf(path)).toEqual(["600", "600", "600"]);
    expect(warnings).toEqual([]);
  });

  it("is left as it is for a group and for a folder, and the group is told of once", async () => {
    using folder = temporaryFolder();
    const path = folder.file("shared/tokens.db");
    mkdirSync(folder.file("shared"));
    chmodSync(folder.file("shared"), 0o770);
    writeFileSync(path, "");
    chmodSync(path, 0o660);
    const told: SqliteWarning[] = [];
    await using store = sqliteStore({ path, warn: (warning) => told.push(warning) });
    await store.compareAndSet("key", undefined, "one");
    await store.read("key");
    expect([(statSync(folder.file("shared")).mode & 0o777).toString(8), ...modesOf(path)]).toEqual(["770", "660", "660", "660"]);
    expect(told).toEqual([{ code: "group", message: expect.stringContaining("mode 0660") as unknown }]);
    expect(told[0]?.message).toContain(path);
  });

  it("is told of by an event of the process when nobody else is to be told", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    writeFileSync(path, "");
    chmodSync(path, 0o640);
    const warned = new Promise<unknown>((resolve) => process.once("warning", resolve));
    await using store = sqliteStore({ path });
    await store.read("key");
    expect(await warned).toMatchObject({ code: "TOKENFLIGHT_SQLITE_GROUP" });
  });

  it.runIf(isRoot)("lets root use another user's file that is theirs alone, and makes nothing that they cannot use", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    writeFileSync(path, "");
    chmodSync(path, 0o600);
    chownSync(path, nobody, nobody);
    chmodSync(folder.path, 0o777);
    const store = sqliteStore({ path });
    await store.compareAndSet("key", undefined, "one");
    const holder = await store.holder();
    const made = [...endings.map((ending) => path + ending), `${path}-holders`, `${path}-holders/${holder}`];
    expect(made.map((each) => statSync(each).uid)).toEqual(made.map(() => nobody));
    expect(visit(path, "nobody")).toMatchObject({ value: "one", writing: "written", valueAfterwards: "changed" });
    await store.close();
  });

  it.runIf(isRoot).each([0o644, 0o666, 0o602])(
    "refuses another user's file that every user may open, mode %o, and leaves it",
    async (mode) => {
      using folder = temporaryFolder();
      const path = folder.file("tokens.db");
      writeFileSync(path, "");
      chmodSync(path, mode);
      chownSync(path, nobody, nobody);
      const error = await sqliteStore({ path })
        .read("key")
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(StoreError);
      expect(error).toMatchObject({
        code: "ERR_STORE_UNAVAILABLE",
        message: expect.stringContaining("its owner has to make it 0600") as unknown,
      });
      expect([statSync(path).mode & 0o777, statSync(path).size, readdirSync(folder.path)]).toEqual([mode, 0, ["tokens.db"]]);
    },
  );

  it("refuses to others what every user may read, and a user who is not its owner", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    await using store = sqliteStore({ path });
    await store.compareAndSet("key", undefined, "one");
    chmodSync(folder.path, 0o755);
    for (const ending of endings) chmodSync(path + ending, 0o644);
    expect(visit(path)).toEqual({ reading: "ERR_STORE_UNAVAILABLE" });
    chmodSync(path, 0);
    expect(visit(path)).toEqual({ reading: "ERR_STORE_UNAVAILABLE" });
    chmodSync(path, 0o600);
  });

  it("lets who may only read the file read, and answers writes with a typed error", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    const store = sqliteStore({ path });
    await store.compareAndSet("key", undefined, "one");
    chmodSync(folder.path, 0o755);
    for (const ending of endings) chmodSync(path + ending, 0o440);
    const held = "ERR_STORE_UNAVAILABLE";
    expect(visit(path)).toEqual({ value: "one", writing: "ERR_STORE_UNAVAILABLE", valueAfterwards: "one", holding: held });
    await store.close();
  });

  it("is no reason to fail at construction: a folder that may not be written is found by the first operation", () => {
    using folder = temporaryFolder();
    chmodSync(folder.path, 0o755);
    expect(visit(folder.file("tokens.db"))).toEqual({ reading: "ERR_STORE_UNAVAILABLE" });
    expect(existsSync(folder.file("tokens.db"))).toBe(false);
  });
});
