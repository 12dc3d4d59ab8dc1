import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { DatabaseSync, StatementSync } from "node:sqlite";
import { isBusy } from "../../packages/sqlite/src/sqlite-error.ts";

/** The functions of `node:fs` that the store calls. */
const systemCalls = [
  "chmodSync",
  "chownSync",
  "closeSync",
  "linkSync",
  "mkdirSync",
  "openSync",
  "readdirSync",
  "realpathSync",
  "renameSync",
  "rmdirSync",
  "rmSync",
  "statSync",
] as const;

/** Calls back, once, before the step of that number, counted from 1. What `callback` itself does counts for none. */
export interface Moment extends Disposable {
  isReached(): boolean;
}

/** The steps are SQLite's statements, of whoever uses it in this thread. */
export function beforeStatement(number: number, callback: () => void): Moment {
  return beforeEach(number, callback, (count) => [
    ...(["exec", "prepare"] as const).map((name) => callBefore(DatabaseSync.prototype, name, count)),
    ...(["get", "all", "run"] as const).map((name) => callBefore(StatementSync.prototype, name, count)),
  ]);
}

/** The steps are SQLite's statements, connections that end, and calls of the file system. */
export function beforeStep(number: number, callback: () => void): Moment {
  return beforeEach(number, callback, (count) => {
    const restore = systemCalls.map((name) => callBefore(fs, name, count));
    syncBuiltinESMExports();
    return [
      ...(["exec", "prepare", "close"] as const).map((name) => callBefore(DatabaseSync.prototype, name, count)),
      callBefore(StatementSync.prototype, "get", count),
      ...restore,
      syncBuiltinESMExports,
    ];
  });
}

function beforeEach(number: number, callback: () => void, attach: (count: () => void) => (() => void)[]): Moment {
  let left = number;
  const count = (): void => {
    left -= 1;
    if (left !== 0) return;
    callback();
    left = 0;
  };
  const restore = attach(count);
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

/** As the store does: what is busy is done again. */
export function untilFree<Result>(work: () => Result): Result {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || attempt === 3) throw error;
    }
  }
}
