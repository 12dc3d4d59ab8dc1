import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { FaultyStore, type Fault } from "./faulty-store.ts";
import { HandSource } from "./hand-source.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { response, setUp, type SetUp } from "./set-up.ts";
import { settle, TestClock } from "./test-clock.ts";

let clock: TestClock;
let store: FaultyStore;

beforeAll(hashAtOnce);
beforeEach(() => {
  clock = new TestClock();
  store = new FaultyStore();
});

const cache = (): SetUp => setUp({ clock, store, key: "alice", hand: new HandSource() });
const operations = ({ events }: SetUp): string[] => events.flatMap((event) => (event.type === "store-trouble" ? [event.operation] : []));

describe.each<Fault>(["fails", "stalls"])("an event about a store that %s", (fault) => {
  it("names the read in a refresh", async () => {
    const all = cache();
    store.reads = fault;
    void all.tokens.get().catch(() => {});
    await clock.advance(1000);
    expect(operations(all)).toEqual(["read"]);
  });

  it("names the write of an intent", async () => {
    const all = cache();
    store.writes = fault;
    void all.tokens.get().catch(() => {});
    await clock.advance(1000);
    expect(operations(all)).toEqual(["write"]);
  });

  it("names the write of a result, and the read by which it is looked for", async () => {
    const all = cache();
    void all.tokens.get();
    await settle();
    store.nextWrites.push(fault, "loses");
    store.reads = fault;
    all.hand.last.give(response("1"));
    await clock.advance(2500);
    store.reads = "none";
    await clock.advance(3000);
    expect(operations(all).slice(0, 2)).toEqual(["write", "read"]);
    expect(all.tokens.peek()?.accessToken).toBe("access-1");
  });

  it("names the write of the note of a failure", async () => {
    const all = cache();
    void all.tokens.get().catch(() => {});
    await settle();
    store.nextWrites.push(fault);
    all.hand.last.fail(new Error("no"));
    await clock.advance(1000);
    expect(operations(all)).toEqual(["write"]);
  });

  it("names the look in the background", async () => {
    const all = cache();
    await all.tokens.save(response("1"));
    await clock.advance(30_000);
    store.reads = fault;
    all.tokens.peek();
    await clock.advance(1000);
    expect(operations(all)).toEqual(["read"]);
  });
});
