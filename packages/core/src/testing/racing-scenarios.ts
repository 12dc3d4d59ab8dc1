import type { TokenStore, Version } from "../store/store.ts";
import { check } from "./check.ts";
import type { StoreScenario } from "./store-under-test.ts";
import { holds, write } from "./writing-scenarios.ts";

const writers = 8;
/** How often each of them counts. */
const times = 10;

/** Eight writers, dealt out to the handles, all with the same expectation. Exactly one may win. */
async function race(handles: readonly TokenStore[], key: string, expected: Version | undefined): Promise<Version> {
  const values = Array.from({ length: writers }, (_, writer) => `by writer ${writer} over ${expected ?? "nothing"}`);
  const versions = await Promise.all(
    values.map((value, writer) => (handles[writer % handles.length] as TokenStore).compareAndSet(key, expected, value)),
  );
  const winners = values.flatMap((value, writer) => (versions[writer] === undefined ? [] : [{ value, version: versions[writer] }]));
  const [winner] = winners;
  check(winner !== undefined && winners.length === 1, `exactly one of eight writers wins, not ${winners.length}`);
  for (const handle of handles) await holds(handle, key, winner.version, winner.value, "after a race, as the winner wrote it");
  return winner.version;
}

async function races(handles: readonly TokenStore[], key: string): Promise<void> {
  let version: Version | undefined;
  for (let round = 0; round < 10; round += 1) version = await race(handles, key, version);
}

/** Reads, adds one and writes until that succeeds, as often as each writer does. */
async function count(store: TokenStore, key: string): Promise<void> {
  for (let done = 0, tried = 0; done < times; tried += 1) {
    // Each write that is lost is one of another writer's.
    check(tried < writers * times, "a write loses only when another one has won");
    const entry = await store.read(key);
    const next = String(Number(entry?.value ?? 0) + 1);
    if ((await store.compareAndSet(key, entry?.version, next)) !== undefined) done += 1;
  }
}

/** Many writers at once, and what one handle sees of another's writes. */
export const racingScenarios: readonly StoreScenario[] = [
  {
    id: "race-one-handle",
    title: "lets exactly one of eight writers win, through one handle",
    run: ({ store, key }) => races([store], key),
  },
  {
    id: "race-two-handles",
    title: "lets exactly one of eight writers win, through two handles",
    run: ({ store, other, key }) => races([store, other], key),
  },
  {
    id: "no-lost-update",
    title: "loses no update of eight writers that count",
    async run({ store, other, key }) {
      await Promise.all(Array.from({ length: writers }, (_, writer) => count(writer % 2 === 0 ? store : other, key)));
      check((await store.read(key))?.value === "80", "eight writers who count to ten each count to eighty");
    },
  },
  {
    id: "reads-see-writes",
    title: "shows every acknowledged write to the next read of another handle",
    async run({ store, other, key }) {
      let version: Version | undefined;
      for (let round = 0; round < 25; round += 1) {
        // Each writes twice in a row, so that the other one's second read cannot come from what it kept of its first.
        const [writer, reader] = round % 4 < 2 ? [store, other] : [other, store];
        version = await write(writer, key, version, `round ${round}`);
        await holds(reader, key, version, `round ${round}`, "as soon as the write was acknowledged");
      }
    },
  },
];
