import type { TokenStore } from "../store/store.ts";
import { check, rejection, within } from "./check.ts";
import type { StoreScenario } from "./store-under-test.ts";
import { holds, write } from "./writing-scenarios.ts";

/** Milliseconds. */
const timeout = 5000;

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code;

async function isClosed(store: TokenStore, key: string): Promise<void> {
  check(codeOf(await rejection(store.read(key))) === "ERR_CLOSED", "a closed handle rejects with the code ERR_CLOSED");
  const written = await rejection(store.compareAndSet(key, undefined, "late"));
  check(codeOf(written) === "ERR_CLOSED", "a closed handle writes nothing and rejects with the code ERR_CLOSED");
}

/** Whether a handle has no end: nothing waits for it then. */
function isEndless(store: TokenStore): boolean {
  return store.close === undefined && store.keepOpen === undefined && store[Symbol.asyncDispose] === undefined;
}

/** Tells a store of work; what it throws. */
function refusal(store: TokenStore, work: Promise<unknown>): unknown {
  try {
    store.keepOpen?.(work);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Whether `work` has settled, after whatever could settle it by itself. */
async function isSettled(work: Promise<unknown>): Promise<boolean> {
  const later = new Promise<boolean>((resolve) => {
    setTimeout(resolve, 50, false);
  });
  return Promise.race([
    work.then(
      () => true,
      () => true,
    ),
    later,
  ]);
}

/** The end of a handle, and what it waits for. */
export const closingScenarios: readonly StoreScenario[] = [
  {
    id: "close",
    group: "close",
    title: "closes one handle, twice if need be, and leaves the other alone",
    async run({ store, other, key }) {
      const version = await write(store, key, undefined, "one");
      if (store.close === undefined) return;
      await store.close();
      await store.close();
      await isClosed(store, `${key} of nobody`);
      if (other !== store) await holds(other, key, version, "one", "after another handle was closed");
    },
  },
  {
    id: "close-watching",
    group: "close",
    title: "closes a handle that watches, and lets nobody watch a closed one",
    async run({ store, key }) {
      if (store.close === undefined) return;
      const stops = [store.watch?.(key, () => {}), store.watchAll?.(() => {})];
      await store.close();
      stops.push(
        store.watch?.(key, () => {}),
        store.watchAll?.(() => {}),
      );
      for (const stop of stops) stop?.();
    },
  },
  {
    id: "keep-open",
    group: "keep-open",
    title: "waits with its end for work under way, and reads and writes meanwhile",
    async run({ store, key }) {
      if (isEndless(store)) return;
      check(store.keepOpen !== undefined, 'the store has a keepOpen; declare the difference "keep-open" when it has none');
      check(store.close !== undefined, "a store that has a keepOpen has a close");
      let finish = (): void => {};
      store.keepOpen(new Promise<void>((resolve) => (finish = resolve)));
      store.keepOpen(Promise.resolve());
      const [closing, again] = [store.close(), store.close()];
      check(!(await isSettled(closing)) && !(await isSettled(again)), "it waits for the work that it was told of");
      const version = await write(store, key, undefined, "the result");
      await holds(store, key, version, "the result", "while the store waits to close");
      check(
        codeOf(refusal(store, Promise.resolve())) === "ERR_CLOSED",
        "nothing new begins once it was told to close: keepOpen throws ERR_CLOSED",
      );
      finish();
      await within(timeout, Promise.all([closing, again]), "it closes when the work is done");
      await isClosed(store, key);
    },
  },
  {
    id: "keep-open-failed",
    group: "keep-open",
    title: "closes when work under way has failed",
    async run({ store, key }) {
      if (isEndless(store)) return;
      check(store.keepOpen !== undefined, 'the store has a keepOpen; declare the difference "keep-open" when it has none');
      let fail = (): void => {};
      const failed = new Error("the work failed");
      store.keepOpen(new Promise<void>((_, reject) => (fail = () => reject(failed))));
      const closing = store.close?.() ?? Promise.resolve();
      fail();
      await within(timeout, closing, "it closes when the work has failed");
      await isClosed(store, key);
    },
  },
  {
    id: "dispose",
    group: "dispose",
    title: "closes at the end of an `await using` block",
    async run({ store, other, key }) {
      if (isEndless(store)) return;
      const dispose = store[Symbol.asyncDispose];
      check(dispose !== undefined, 'the store has a Symbol.asyncDispose; declare the difference "dispose" when it has none');
      const version = await write(store, key, undefined, "one");
      await dispose.call(store);
      await isClosed(store, key);
      if (other !== store) await holds(other, key, version, "one", "after another handle was disposed of");
    },
  },
];
