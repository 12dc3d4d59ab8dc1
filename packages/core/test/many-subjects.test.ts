import { beforeAll, expect, it } from "vitest";
import { createTokenPool } from "../src/cache/token-pool.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import type { TokenStore } from "../src/store/store.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { TestClock } from "./test-clock.ts";

beforeAll(hashAtOnce);

it.each(["with hints", "without hints"])(
  "10,500 subjects with fresh tokens read their store no more once each has looked: %s",
  async (kind) => {
    const clock = new TestClock();
    const stored = memoryStore();
    let reads = 0;
    const store: TokenStore = {
      read: (...read) => {
        reads += 1;
        return stored.read(...read);
      },
      compareAndSet: stored.compareAndSet,
      ...(kind === "with hints" && { watchAll: stored.watchAll }),
    };
    let asked = 0;
    const source = () => async () => {
      asked += 1;
      return { access_token: `access-${asked}`, expires_in: 3600 };
    };
    const pool = createTokenPool({ clock, store, identity: "test", source, limit: 20_000 });
    const subjects = Array.from({ length: 10_500 }, (_, index) => pool.for(`subject-${index}`));
    /** A request of each subject: how often was the store read, and how many had to wait for it? */
    const round = async (): Promise<[number, number]> => {
      reads = 0;
      let waited = 0;
      for (const subject of subjects) {
        if (subject.peek() !== undefined) continue;
        waited += 1;
        await subject.get();
      }
      return [reads, waited];
    };
    for (const subject of subjects) await subject.get();
    const [looks] = await round();
    // The changes that were forgotten, and those who share a place with them.
    expect(looks).toBeLessThan(2000);
    for (let rounds = 0; rounds < 3; rounds += 1) expect(await round()).toEqual([0, 0]);
    expect(asked).toBe(10_500);
  },
);
