import { sqliteStore } from "@tokenflight/sqlite";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, statSync, symlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

const visitor = fileURLToPath(new URL("sqlite-visitor.ts", import.meta.url));

function visit(path: string): unknown {
  const { stdout, status } = spawnSync(process.execPath, ["--no-warnings", "--conditions=source", visitor, path], {
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
    expect(["", "-wal", "-shm"].map((ending) => (statSync(target + ending).mode & 0o777).toString(8))).toEqual(["600", "600", "600"]);
    await store.close();
  });

  it("lets who may only read the file read, and answers writes with a typed error", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    const store = sqliteStore({ path });
    await store.compareAndSet("key", undefined, "one");
    chmodSync(folder.path, 0o755);
    for (const ending of ["", "-wal", "-shm"]) chmodSync(path + ending, 0o444);
    expect(visit(path)).toEqual({ value: "one", writing: "ERR_STORE_UNAVAILABLE", valueAfterwards: "one" });
    await store.close();
  });

  it("answers who may not even read it with a typed error", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    const store = sqliteStore({ path });
    await store.compareAndSet("key", undefined, "one");
    chmodSync(path, 0);
    chmodSync(folder.path, 0o755);
    expect(visit(path)).toEqual({ opening: "ERR_STORE_UNAVAILABLE" });
    chmodSync(path, 0o600);
    await store.close();
  });
});
