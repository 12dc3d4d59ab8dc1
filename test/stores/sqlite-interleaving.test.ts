import fs, { readFileSync, statSync, symlinkSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { DatabaseSync } from "node:sqlite";
import { sqliteStore } from "@tokenflight/sqlite";
import { expect, it, vi } from "vitest";
import { ensureFile } from "../../packages/sqlite/src/database-file.ts";
import { Database } from "../../packages/sqlite/src/database.ts";
import { isBusy } from "../../packages/sqlite/src/sqlite-error.ts";
import { beforeStatement, beforeStep, untilFree } from "./before-step.ts";
import { olderProcess } from "./sqlite-older.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const notes = { ttl: undefined, mark: undefined };

/** What another process does at a moment of ours; `prepare` is done before, and gives it. */
const others: Record<string, (path: string) => { act(): void } & Disposable> = {
  "makes the file": (path) => ({
    act() {
      using other = opened(path);
      other.database.compareAndSet("theirs", undefined, "theirs", notes);
    },
    [Symbol.dispose]() {},
  }),
  "writes into the file": (path) => {
    const other = opened(path);
    return {
      act: () => void other.database.compareAndSet("theirs", undefined, "theirs", notes),
      [Symbol.dispose]: () => other[Symbol.dispose](),
    };
  },
  "deletes an entry of the file": (path) => {
    const other = opened(path);
    const version = other.database.compareAndSet("theirs", undefined, "theirs", notes);
    return {
      act: () => void other.database.compareAndSet("theirs", version, undefined, notes),
      [Symbol.dispose]: () => other[Symbol.dispose](),
    };
  },
  "writes into the file, and is of version 0.1": (path) => {
    const other = olderProcess(path, 0);
    return { act: () => void other.write("theirs", "theirs"), [Symbol.dispose]: () => other[Symbol.dispose]() };
  },
};

/** Our operations, from none to the last one that a store makes of a file. */
function useFile(path: string): unknown[] {
  using ours = opened(path);
  const { database } = ours;
  const { seen } = database.look("no file");
  const version = database.compareAndSet("ours", undefined, "ours", notes);
  const told = database.look(seen).changes?.filter(({ key }) => key === "ours");
  return [version !== undefined, told?.map((change) => change.version === version), database.read("ours")];
}

it.each(Object.keys(others))("a file is used, and between any two statements another process %s", (name) => {
  const prepare = others[name];
  let isReached = true;
  for (let statement = 1; isReached; statement += 1) {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    using other = prepare?.(path);
    using moment = beforeStatement(statement, () => {
      try {
        other?.act();
      } catch (error) {
        // It would do it later.
        if (!isBusy(error)) throw error;
      }
    });
    expect(
      untilFree(() => useFile(path)),
      `before statement ${statement}`,
    ).toEqual([true, [true], expect.objectContaining({ value: "ours" })]);
    isReached = moment.isReached();
    expect(statement > 1 || isReached).toBe(true);
  }
});

it("a listener hears of a write, before whichever statement of ours another process makes it", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  using _timers = { [Symbol.dispose]: () => vi.useRealTimers() };
  let isReached = true;
  for (let statement = 1; isReached; statement += 1) {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    await using ours = sqliteStore({ path });
    await using theirs = sqliteStore({ path });
    await ours.read("any");
    await theirs.compareAndSet("awaited", undefined, "1");
    const heard = new Set<string | undefined>();
    ours.watchAll((key) => heard.add(key));
    ours.watch("awaited", () => ours.watch("other", () => {}));
    await theirs.compareAndSet("awaited", (await theirs.read("awaited"))?.version, "2");
    let written: Promise<unknown> | undefined;
    using moment = beforeStatement(statement, () => (written = theirs.compareAndSet("theirs", undefined, "1")));
    vi.advanceTimersByTime(100);
    isReached = moment.isReached();
    await written;
    vi.advanceTimersByTime(100);
    if (isReached) expect(heard, `before statement ${statement}`).toContain("theirs");
    expect(statement > 4 || isReached).toBe(true);
  }
});

/** Locks of the file, as Linux knows them. */
function locksOf(path: string): number {
  const { ino } = statSync(path);
  return readFileSync("/proc/locks", "utf8").split(`:${ino} `).length - 1;
}

const withoutLinks = (): never => {
  throw Object.assign(new Error("There are no links."), { code: "EPERM" });
};

it.runIf(process.platform === "linux").each(["a file", "a symbolic link to a file", "a file of a file system without links"])(
  "%s is made, and between any two steps another thread makes it and locks it: its lock stays",
  (kind) => {
    const { linkSync } = fs;
    using _links = {
      [Symbol.dispose]() {
        fs.linkSync = linkSync;
        syncBuiltinESMExports();
      },
    };
    if (kind.endsWith("without links")) fs.linkSync = withoutLinks;
    let isReached = true;
    for (let step = 1; isReached; step += 1) {
      using folder = temporaryFolder();
      const path = folder.file("tokens.db");
      if (kind.startsWith("a symbolic link")) symlinkSync("target.db", path);
      let other: DatabaseSync | undefined;
      {
        using moment = beforeStep(step, () => {
          other = new DatabaseSync(path);
          other.exec("BEGIN IMMEDIATE");
        });
        ensureFile(path);
        isReached = moment.isReached();
      }
      if (other === undefined) expect(statSync(path).mode & 0o777).toBe(0o600);
      else expect(locksOf(path), `before step ${step}`).toBeGreaterThan(0);
      other?.close();
      expect(step > 4 || isReached).toBe(true);
    }
  },
);

function opened(path: string): { readonly database: Database } & Disposable {
  const database = new Database(path);
  return { database, [Symbol.dispose]: () => database.close() };
}
