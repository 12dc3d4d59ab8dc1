import type { StoredEntry, TokenStore } from "../store/store.ts";
import { check, rejection, within } from "./check.ts";
import type { ScenarioContext, StoreScenario } from "./store-under-test.ts";
import { holds, write } from "./writing-scenarios.ts";

/** Milliseconds. */
const timeout = 5000;

/** Watches and reads at each hint. `until` resolves as soon as a hint has led to such an entry. */
function follow(store: TokenStore, key: string): { until(seen: (entry: StoredEntry | undefined) => boolean): Promise<void>; stop(): void } {
  check(store.watch !== undefined, 'the store has a watch; declare the difference "watch" when it has none');
  let last: StoredEntry | undefined;
  let look = (): void => {};
  const stop = store.watch(key, () => {
    store.read(key).then(
      (entry) => {
        last = entry;
        look();
      },
      // A read after the scenario has closed the store; nobody waits for it any more.
      () => {},
    );
  });
  return {
    stop,
    until: (seen) =>
      within(
        timeout,
        new Promise((resolve) => {
          look = () => {
            if (seen(last)) resolve();
          };
          look();
        }),
        "a change made through another handle is hinted at",
      ),
  };
}

/** Several writes, each of which must be hinted at by itself: a hint that comes with the subscription proves nothing. */
async function hints({ store, other, key }: ScenarioContext): Promise<void> {
  const watching = follow(store, key);
  let version: string | undefined;
  for (let round = 0; round < 5; round += 1) {
    version = await write(other, key, version, `round ${round}`);
    await watching.until((entry) => entry?.value === `round ${round}`);
  }
  await write(other, key, version, undefined);
  await watching.until((entry) => entry === undefined);
  watching.stop();
}

/** Hints at changes of one entry, and giving up. */
export const watchingScenarios: readonly StoreScenario[] = [
  {
    id: "watch",
    group: "watch",
    title: "hints at changes that were made through another handle",
    run: hints,
  },
  {
    id: "watch-own",
    group: "watch",
    title: "hints at changes that were made through the same handle",
    run: ({ store, key }) => hints({ store, other: store, key }),
  },
  {
    id: "watch-stop",
    group: "watch",
    title: "hints no more after a watcher has stopped, and goes on for the others",
    async run({ store, other, key }) {
      const stopped = follow(store, key);
      const going = follow(store, key);
      const version = await write(other, key, undefined, "one");
      await stopped.until((entry) => entry?.value === "one");
      stopped.stop();
      stopped.stop();
      let late = 0;
      store.watch?.(key, () => (late += 1))();
      await write(other, key, version, "two");
      await going.until((entry) => entry?.value === "two");
      going.stop();
      check(late === 0, "a watcher that has stopped is not called");
    },
  },
  {
    id: "watch-twice",
    group: "watch",
    title: "goes on hinting when one function watches twice and has stopped once",
    async run({ store, other, key }) {
      check(store.watch !== undefined, 'the store has a watch; declare the difference "watch" when it has none');
      let wake = (): void => {};
      const changed = (): void => wake();
      const stops = [store.watch(key, changed), store.watch(key, changed)];
      const going = follow(store, key);
      const version = await write(other, key, undefined, "one");
      await going.until((entry) => entry?.value === "one");
      stops[0]?.();
      const hinted = new Promise<void>((resolve) => (wake = resolve));
      await write(other, key, version, "two");
      await within(timeout, hinted, "the one that has not stopped is hinted at a change");
      stops[1]?.();
      going.stop();
    },
  },
  {
    id: "aborted",
    title: "writes nothing when it rejects because the signal was aborted",
    async run({ store, key }) {
      const reason = new Error("given up");
      const aborted = { signal: AbortSignal.abort(reason) };
      const refused = await rejection(store.compareAndSet(key, undefined, "one", aborted));
      // A store that answers without waiting for anything may answer all the same.
      check(refused === undefined || refused === reason, "it rejects with the signal's reason");
      check(((await store.read(key)) === undefined) === (refused !== undefined), "it has written exactly when it did not reject");
      const unread = await rejection(store.read(key, aborted));
      check(unread === undefined || unread === reason, "a read rejects with the signal's reason, too");
    },
  },
  {
    id: "abort-late",
    title: "is not disturbed by a signal that aborts after the answer",
    async run({ store, other, key }) {
      const controller = new AbortController();
      const version = await store.compareAndSet(key, undefined, "one", { signal: controller.signal });
      await store.read(key, { signal: controller.signal });
      controller.abort();
      await holds(other, key, version as string, "one", "although the signal was aborted afterwards");
    },
  },
];
