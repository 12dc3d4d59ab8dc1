import { DatabaseSync, StatementSync } from "node:sqlite";
import { expect, it } from "vitest";
import { Database } from "../../packages/sqlite/src/database.ts";
import { isBusy } from "../../packages/sqlite/src/sqlite-error.ts";
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

function opened(path: string): { readonly database: Database } & Disposable {
  const database = new Database(path);
  return { database, [Symbol.dispose]: () => database.close() };
}

/** As the store does: what is busy is done again. */
function untilFree<Result>(work: () => Result): Result {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || attempt === 3) throw error;
    }
  }
}

/** Calls back before the statement of that number, counted from 1, of whoever uses SQLite in this thread. */
function beforeStatement(number: number, callback: () => void): { isReached(): boolean } & Disposable {
  let left = number;
  const count = (): void => {
    left -= 1;
    if (left === 0) callback();
  };
  const restore = [
    ...(["exec", "prepare"] as const).map((name) => callBefore(DatabaseSync.prototype, name, count)),
    ...(["get", "all", "run"] as const).map((name) => callBefore(StatementSync.prototype, name, count)),
  ];
  return { isReached: () => left <= 0, [Symbol.dispose]: () => restore.forEach((each) => each()) };
}

function callBefore<Owner extends object>(owner: Owner, name: keyof Owner, callback: () => void): () => void {
  const original = owner[name];
  const replaced = function (this: unknown, ...given: unknown[]): unknown {
    callback();
    return (original as (...given: unknown[]) => unknown).apply(this, given);
  };
  owner[name] = replaced as Owner[typeof name];
  return () => void (owner[name] = original);
}
