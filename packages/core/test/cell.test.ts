import { describe, expect, it, vi } from "vitest";
import { privateCell } from "../src/refresh/cell.ts";
import { StoreError } from "../src/errors/refresh-errors.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import { encodeRecord } from "../src/record/encoded-record.ts";
import { emptyRecord } from "../src/record/record.ts";
import { storeKey } from "../src/store/store.ts";
import type { TokenStore } from "../src/store/store.ts";
import { cellIn, key } from "./cell-in.ts";
import { FaultyStore } from "./faulty-store.ts";
import { Outcome } from "./outcome.ts";
import { settle, TestClock } from "./test-clock.ts";

const one = { generation: 1 };
const two = { generation: 2 };

describe.each([
  ["a private cell", () => privateCell()],
  ["a cell in a store", () => cellIn(memoryStore(), new TestClock())],
])("%s", (_, create) => {
  it("holds an empty record at first", async () => {
    expect(await create().read()).toMatchObject({ version: undefined, record: emptyRecord });
  });

  it("replaces what was seen, and only that", async () => {
    const cell = create();
    const empty = await cell.read();
    const first = await cell.replace(empty, one);
    expect(first?.record).toEqual(one);
    expect(await cell.replace(empty, two)).toBeUndefined();
    expect((await cell.read()).record).toEqual(one);
    expect(await cell.read()).toMatchObject({ version: first?.version, record: one });
    expect(first && (await cell.replace(first, two))?.record).toEqual(two);
  });
});

describe("the versions of a private cell", () => {
  it("are none that a store gives, so that the two are never taken for each other", async () => {
    const versionsOf = async (cell: ReturnType<typeof privateCell>): Promise<unknown[]> => {
      const versions: unknown[] = [];
      let seen = await cell.read();
      for (let generation = 1; generation <= 20; generation += 1) {
        const next = await cell.replace(seen, { generation });
        if (next === undefined) throw new Error("Nobody else writes here.");
        versions.push((seen = next).version);
      }
      return versions;
    };
    const [own, stored] = await Promise.all([versionsOf(privateCell()), versionsOf(cellIn(memoryStore(), new TestClock()))]);
    expect(new Set([...own, ...stored]).size).toBe(40);
    // Neither a number, nor a random name in hexadecimal digits or base64.
    for (const version of own) expect(version).toMatch(/\s/);
  });
});

describe("a store's operation", () => {
  const stalling = (): Promise<never> => new Promise(() => {});
  const throwing = (): never => {
    throw new Error("at once");
  };
  const rejecting = (): Promise<never> => Promise.reject(new Error("later"));
  const empty = { version: undefined, record: emptyRecord, heard: 0 };
  /** The key is hashed, and the store is asked. */
  const begun = (clock: TestClock): Promise<void> => vi.waitFor(() => expect(clock.timers).toBe(1));

  it.each(["read", "compareAndSet"] as const)(
    "that stalls in %s ends with a StoreError at the timeout, and its signal aborts",
    async (operation) => {
      const clock = new TestClock();
      const stalled = vi.fn<(...args: unknown[]) => Promise<never>>(stalling);
      const cell = cellIn({ ...memoryStore(), [operation]: stalled }, clock);
      const outcome = new Outcome<unknown>(operation === "read" ? cell.read() : cell.replace(empty, one));
      await begun(clock);
      await clock.advance(999);
      expect(outcome.state).toBe("pending");
      await clock.advance(1);
      expect(outcome.reason).toBeInstanceOf(StoreError);
      expect(outcome.reason).toMatchObject({ code: "ERR_STORE_UNAVAILABLE", message: "The store did not answer within 1000 ms." });
      expect(stalled.mock.calls[0]?.at(-1)).toMatchObject({ signal: { aborted: true } });
      expect(clock.timers).toBe(0);
    },
  );

  it.each([
    ["throws", throwing],
    ["rejects", rejecting],
  ])("that %s is a StoreError with the cause", async (_, fault) => {
    const clock = new TestClock();
    const cell = cellIn({ ...memoryStore(), read: fault, compareAndSet: fault }, clock);
    for (const asked of [cell.read(), cell.replace(empty, one)]) {
      await expect(asked).rejects.toMatchObject({ code: "ERR_STORE_UNAVAILABLE", cause: expect.any(Error) });
    }
    expect(clock.timers).toBe(0);
  });

  it("that rejects with nothing is a StoreError as well", async () => {
    const cell = cellIn({ ...memoryStore(), read: () => Promise.reject() }, new TestClock());
    await expect(cell.read()).rejects.toBeInstanceOf(StoreError);
  });

  it("that answers too late changes nothing any more", async () => {
    const clock = new TestClock();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const outcome = new Outcome(cellIn({ ...memoryStore(), read: () => promise }, clock).read());
    await begun(clock);
    await clock.advance(1000);
    resolve(undefined);
    await settle();
    expect(outcome.state).toBe("rejected");
  });

  it("that gives an entry of somebody else's is a StoreError, and the entry stays", async () => {
    const store = memoryStore();
    await store.compareAndSet(key, undefined, "not ours");
    await expect(cellIn(store, new TestClock()).read()).rejects.toMatchObject({ code: "ERR_STORE_RECORD_INVALID" });
    expect((await store.read(key))?.value).toBe("not ours");
  });

  it("gets a key that is hashed once", async () => {
    using hash = vi.spyOn(crypto.subtle, "digest");
    const store = memoryStore();
    const cell = cellIn(store, new TestClock());
    await Promise.all([cell.read(), cell.read(), cell.replace(empty, one)]);
    expect(hash).toHaveBeenCalledTimes(1);
    expect((await store.read(key))?.value).toBe(encodeRecord(one));
  });
});

describe("watching a cell", () => {
  it("hears of changes by others until it stops", async () => {
    const store = memoryStore();
    const [cell, other] = [cellIn(store, new TestClock()), cellIn(store, new TestClock())];
    const changed = vi.fn<() => void>();
    const stop = cell.watch(changed);
    // Whoever has read has the key, and so has everything that waited for it before.
    await cell.read();
    const seen = await other.replace(await other.read(), one);
    expect(changed).toHaveBeenCalledTimes(1);
    stop();
    await other.replace(seen ?? (await other.read()), two);
    expect(changed).toHaveBeenCalledTimes(1);
  });

  it("that is stopped before the key is known never begins", async () => {
    const watch = vi.fn<NonNullable<TokenStore["watch"]>>(() => () => {});
    const cell = cellIn({ ...memoryStore(), watch }, new TestClock());
    cell.watch(() => {})();
    await cell.read();
    expect(watch).not.toHaveBeenCalled();
  });

  it("does without a store that can watch, and without one whose watching fails", async () => {
    const { read, compareAndSet } = memoryStore();
    const broken = (): never => {
      throw new Error("no");
    };
    for (const store of [
      { read, compareAndSet },
      { read, compareAndSet, watch: broken },
      { read, compareAndSet, watch: () => broken },
    ]) {
      const cell = cellIn(store, new TestClock());
      const stop = cell.watch(() => {});
      // An unhandled rejection would fail this run.
      await cell.read();
      expect(stop).not.toThrow();
    }
  });

  it("goes on without hints when a store gives nothing to stop with", async () => {
    const watch = (() => undefined) as unknown as NonNullable<TokenStore["watch"]>;
    const cell = cellIn({ ...memoryStore(), watch }, new TestClock());
    const stop = cell.watch(() => {});
    await cell.read();
    expect(stop).not.toThrow();
  });
});

describe("the key in the store", () => {
  it("is a hash that shows neither the subject nor the source", async () => {
    expect(await storeKey("https://issuer.example client", "alice")).toMatch(/^[0-9a-f]{64}$/);
  });

  it("is the same for the same names and no others, whatever characters they hold", async () => {
    const names = [undefined, "", "a", "b", "ab", '"', '","', "a,b", "\\", "null", "[]", "\ud800", "\ud801", "é", "e\u0301", "a\0b", "a b"];
    const keys = await Promise.all(names.flatMap((identity) => names.map((name) => storeKey(identity, name ?? "undefined"))));
    expect(new Set(keys).size).toBe(names.length ** 2);
    expect(await storeKey("a", "b")).toBe(await storeKey("a", "b"));
  });
});

it("lets a faulty store lose a reply and keep what was written", async () => {
  const store = new FaultyStore();
  store.nextWrites.push("reply-lost");
  const cell = cellIn(store, new TestClock());
  await expect(cell.replace(await cell.read(), one)).rejects.toBeInstanceOf(StoreError);
  expect((await cell.read()).record).toEqual(one);
});
