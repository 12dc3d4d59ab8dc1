import { existsSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { Holders } from "../../packages/sqlite/src/holders.ts";
import { isBusy } from "../../packages/sqlite/src/sqlite-error.ts";
import { beforeStep, untilFree } from "./before-step.ts";
import { temporaryFolder } from "./temporary-folder.ts";

interface Other extends Disposable {
  act(): void;
}

/** What another process does at a moment of ours; `prepare` is done before, and gives it. It is told our name as soon as we have one. */
const others: Record<string, (path: string, ourName: () => string | undefined) => Other> = {
  "begins to hold it": (path) => {
    const other = new Holders(path);
    return {
      act() {
        other.hold();
        expect(new Holders(path).isGone(other.hold())).toBe(false);
      },
      [Symbol.dispose]: () => other.release(),
    };
  },
  "ends, and was the only one": (path) => {
    const other = new Holders(path);
    other.hold();
    return { act: () => other.release(), [Symbol.dispose]: () => other.release() };
  },
  "begins and ends": (path) => {
    const other = new Holders(path);
    return {
      act() {
        other.hold();
        other.release();
      },
      [Symbol.dispose]: () => other.release(),
    };
  },
  "asks for us": (path, ourName) => {
    const other = new Holders(path);
    return {
      act() {
        const name = ourName();
        if (name !== undefined) expect(other.isGone(name)).toBe(false);
      },
      [Symbol.dispose]() {},
    };
  },
};

it.each(Object.keys(others))("a file has a holder, and between any two of its steps another process %s", (name) => {
  let isReached = true;
  for (let step = 1; isReached; step += 1) {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    new DatabaseSync(path).exec("CREATE TABLE any (one)");
    let ourName: string | undefined;
    const ours = new Holders(path);
    using other = others[name]?.(path, () => ourName) as Other;
    using moment = beforeStep(step, () => {
      try {
        other.act();
      } catch (error) {
        // It would do it later.
        if (!isBusy(error)) throw error;
      }
    });
    const told = `before step ${step}`;
    const held = untilFree(() => ours.hold());
    ourName = held;
    expect(new Holders(path).isGone(held), told).toBe(false);
    expect(ours.hold(), told).toBe(held);
    expect(ours.isGone("00000000-0000-4000-8000-000000000000"), told).toBe(true);
    ourName = undefined;
    ours.release();
    expect(new Holders(path).isGone(held), told).toBe(true);
    isReached = moment.isReached();
    other[Symbol.dispose]();
    expect(existsSync(`${path}-holders`), told).toBe(false);
    expect(step > 20 || isReached).toBe(true);
  }
});

it("another process is asked for, and between any two steps its file is removed and it holds the file again", () => {
  let isReached = true;
  for (let step = 1; isReached; step += 1) {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    new DatabaseSync(path).exec("CREATE TABLE any (one)");
    const other = new Holders(path);
    let name = other.hold();
    {
      using moment = beforeStep(step, () => {
        rmSync(`${path}-holders`, { recursive: true });
        name = other.hold();
      });
      new Holders(path).isGone(name);
      isReached = moment.isReached();
    }
    expect(new Holders(path).isGone(name), `before step ${step}`).toBe(false);
    other.release();
    expect(step > 5 || isReached).toBe(true);
  }
});
