import type { ChangeListener, TokenStore, Version } from "../store/store.ts";
import { check, within } from "./check.ts";
import type { ScenarioContext, StoreScenario } from "./store-under-test.ts";
import { write } from "./writing-scenarios.ts";

/** Milliseconds. */
const timeout = 5000;

interface Listening {
  /** Resolves when the listener was told, since `told` was called last, of this version of the key, of the key, or that anything may have changed. */
  heard(key: string, version: Version): Promise<void>;
  /** Resolves to the mark with which the listener was told of just this version of the key. */
  markOf(key: string, version: Version): Promise<string | undefined>;
  readonly count: number;
  stop(): void;
}

/** Listens to all entries, as one who has read some of them. */
async function listen(store: TokenStore, key: string): Promise<Listening> {
  check(store.watchAll !== undefined, 'the store has a watchAll; declare the difference "watch-all" when it has none');
  const told: Parameters<ChangeListener>[] = [];
  let look = (): void => {};
  const stop = store.watchAll((...change) => {
    told.push(change);
    look();
  });
  /** What was told first of which this holds. */
  const find = (isMeant: (change: Parameters<ChangeListener>) => boolean, sentence: string): Promise<Parameters<ChangeListener>> => {
    const found = new Promise<Parameters<ChangeListener>>((resolve) => {
      look = () => {
        const change = told.find(isMeant);
        if (change !== undefined) resolve(change);
      };
      look();
    });
    return within(timeout, found, sentence);
  };
  await store.read(key);
  return {
    get count() {
      return told.length;
    },
    stop,
    async heard(changedKey, version) {
      const isAbout = ([saidKey, said]: Parameters<ChangeListener>): boolean =>
        saidKey === undefined || (saidKey === changedKey && (said === undefined || said === version));
      await find(isAbout, "whoever listens to all entries is told of a change");
      told.length = 0;
    },
    async markOf(changedKey, version) {
      const isJustThat = ([saidKey, said]: Parameters<ChangeListener>): boolean => saidKey === changedKey && said === version;
      const [, , mark] = await find(isJustThat, "whoever listens to all entries is told of a change with its key and version");
      return mark;
    },
  };
}

/** Several writes, each of which must be told by itself: a hint that comes with the subscription proves nothing. */
async function tells({ store, other, key }: ScenarioContext): Promise<void> {
  const listening = await listen(store, key);
  const keys = [key, `${key} of another subject`];
  const versions: (Version | undefined)[] = [undefined, undefined];
  for (let round = 0; round < 6; round += 1) {
    const which = round % 2;
    const changed = keys[which] as string;
    const version = await write(other, changed, versions[which], `round ${round}`);
    versions[which] = version;
    await listening.heard(changed, version);
  }
  const deleted = await write(other, key, versions[0], undefined);
  await listening.heard(key, deleted);
  listening.stop();
}

/** A usual mark, texts that a store may take for something else, the longest one there may be, and none, after others. */
const marks = ["lineage.1", "lineage.2!", undefined, "", '":|\\0\n\0["key"]', "\u{1F511}\uD800", "x".repeat(200), undefined] as const;

async function marked(listening: Listening, writer: TokenStore, key: string): Promise<void> {
  let version = await write(writer, key, undefined, "unmarked");
  // A store that has just begun to listen may say of this one only that anything may have changed.
  await listening.heard(key, version);
  for (const [round, mark] of marks.entries()) {
    const next = await writer.compareAndSet(key, version, `round ${round}`, mark === undefined ? {} : { mark });
    check(next !== undefined, "a write with a mark succeeds");
    version = next;
    const told = await listening.markOf(key, version);
    check(told === mark, mark === undefined ? "a write without a mark is told of without one" : "the mark of a write is told as it is");
  }
  const deleted = await writer.compareAndSet(key, version, undefined, { mark: "lineage.3" });
  check(deleted !== undefined, "a deletion with a mark succeeds");
  check((await listening.markOf(key, deleted)) === undefined, "a deletion has no mark");
}

/** Hints at changes of any entry. */
export const watchAllScenarios: readonly StoreScenario[] = [
  {
    id: "watch-all",
    group: "watch-all",
    title: "tells whoever listens to all entries of changes that were made through another handle",
    run: tells,
  },
  {
    id: "watch-all-own",
    group: "watch-all",
    title: "tells whoever listens to all entries of changes that were made through the same handle",
    run: ({ store, key }) => tells({ store, other: store, key }),
  },
  {
    id: "watch-all-mark",
    group: "watch-all",
    title: "hands on the mark of each write, through the same handle and through another one, and nothing where there is none",
    async run({ store, other, key }) {
      const listening = await listen(store, key);
      await marked(listening, store, key);
      await marked(listening, other, `${key} through another handle`);
      listening.stop();
    },
  },
  {
    id: "watch-all-stop",
    group: "watch-all",
    title: "tells nothing to a listener that has stopped, twice if need be, and goes on for the others",
    async run({ store, other, key }) {
      const stopped = await listen(store, key);
      const going = await listen(store, key);
      const first = await write(other, key, undefined, "one");
      await Promise.all([stopped.heard(key, first), going.heard(key, first)]);
      stopped.stop();
      stopped.stop();
      const before = stopped.count;
      const second = await write(other, key, first, "two");
      await going.heard(key, second);
      const third = await write(other, key, second, "three");
      await going.heard(key, third);
      going.stop();
      check(stopped.count === before, "a listener that has stopped is not told");
    },
  },
  {
    id: "watch-all-twice",
    group: "watch-all",
    title: "goes on telling when one function listens twice and has stopped once",
    async run({ store, other, key }) {
      check(store.watchAll !== undefined, 'the store has a watchAll; declare the difference "watch-all" when it has none');
      let wake = (): void => {};
      const changed = (): void => wake();
      const stops = [store.watchAll(changed), store.watchAll(changed)];
      const going = await listen(store, key);
      const version = await write(other, key, undefined, "one");
      await going.heard(key, version);
      stops[0]?.();
      const told = new Promise<void>((resolve) => (wake = resolve));
      await write(other, key, version, "two");
      await within(timeout, told, "the one that has not stopped is told of a change");
      stops[1]?.();
      going.stop();
    },
  },
];
