import { beforeEach, describe, expect, it } from "vitest";
import { createTokenEndpointQueue, type TokenEndpointQueue } from "../src/endpoint/endpoint-queue.ts";
import { Outcome } from "./outcome.ts";
import { settle, TestClock } from "./test-clock.ts";

let clock: TestClock;
let queue: TokenEndpointQueue;
let started: string[];

/** A task of a request that a runtime has dropped: nothing is ever heard of it again. */
const dropped = (): Promise<never> => new Promise(() => {});

function add(id: string, task: () => Promise<unknown> = async () => id, timeout = 27_500): Outcome<unknown> {
  const noted = (): Promise<unknown> => {
    started.push(id);
    return task();
  };
  return new Outcome(queue.run(noted, { id, urgency: "blocking", timeout }));
}

beforeEach(() => {
  clock = new TestClock();
  queue = createTokenEndpointQueue({ concurrency: 2, clock });
  started = [];
});

describe("a slot of the queue whose task is never heard of again", () => {
  it("is given back when the task is overdue: the next task begins at once, and those who wait when they look again", async () => {
    add("dropped 1", dropped);
    add("dropped 2", dropped);
    const waiting = add("waiting");
    await settle();
    clock.skip(27_500);
    const early = add("early");
    await settle();
    expect(started).toEqual(["dropped 1", "dropped 2"]);
    clock.skip(1);
    const late = add("late");
    await settle();
    expect(late.value).toBe("late");
    // Each by its own request: what another one adds could not be begun by a platform that keeps requests apart.
    for (const id of ["waiting", "early"]) queue.raise(id);
    await settle();
    expect([waiting, early, late].map(({ value }) => value)).toEqual(["waiting", "early", "late"]);
    expect(started).toEqual(["dropped 1", "dropped 2", "late", "waiting", "early"]);
  });

  it("is given back as well when somebody begins to wait for a task", async () => {
    add("dropped 1", dropped);
    add("dropped 2", dropped);
    const waiting = add("waiting");
    await settle();
    clock.skip(27_501);
    queue.raise("waiting");
    await settle();
    expect(waiting.value).toBe("waiting");
  });

  it("is given back once for each task: as many as may run at one time do so again", async () => {
    add("dropped 1", dropped);
    add("dropped 2", dropped);
    await settle();
    clock.skip(30_000);
    const ends = [1, 2, 3, 4].map(() => Promise.withResolvers<void>());
    const outcomes = ends.map(({ promise }, index) => add(`next ${index}`, () => promise));
    await settle();
    expect(started.slice(2)).toEqual(["next 0", "next 1"]);
    for (const { resolve } of ends) {
      resolve();
      await settle();
    }
    expect(outcomes.every(({ state }) => state === "resolved")).toBe(true);
  });

  it("is not given to two when its task ends after all", async () => {
    const late = Promise.withResolvers<string>();
    const first = add("late", () => late.promise);
    await settle();
    clock.skip(30_000);
    const ends = [1, 2, 3].map(() => Promise.withResolvers<void>());
    for (const [index, { promise }] of ends.entries()) add(`next ${index}`, () => promise);
    await settle();
    late.resolve("answer");
    await settle();
    expect(first.value).toBe("answer");
    expect(started).toEqual(["late", "next 0", "next 1"]);
  });
});

describe("a task without a timeout", () => {
  it("holds its slot until it has settled", async () => {
    const held = Promise.withResolvers<void>();
    for (const id of ["a", "b"]) void queue.run(() => held.promise, { id, urgency: "blocking" });
    const waiting = add("waiting");
    clock.skip(1e12);
    const later = add("later");
    await settle();
    expect([waiting.state, later.state]).toEqual(["pending", "pending"]);
    held.resolve();
    await settle();
    expect([waiting.value, later.value]).toEqual(["waiting", "later"]);
  });
});

describe("a task that is called by one that holds a slot", () => {
  it("begins at once beside the others, also when somebody else has queued it", async () => {
    const held = Promise.withResolvers<void>();
    for (const id of ["a", "b"]) void queue.run(() => held.promise, { id, urgency: "blocking" });
    const atOnce = new Outcome(queue.run(async () => "c", { id: "c", urgency: "blocking", atOnce: true }));
    const queued = add("d");
    await settle();
    expect([atOnce.value, queued.state]).toEqual(["c", "pending"]);
    queue.raise("d", { atOnce: true });
    queue.raise("d", { atOnce: true });
    await settle();
    expect([queued.value, started]).toEqual(["d", ["d"]]);
    held.resolve();
    await settle();
    // Its place in the queue does nothing when its turn comes.
    expect(started).toEqual(["d"]);
    expect(await queue.run(async () => "e", { id: "e", urgency: "ahead" })).toBe("e");
  });
});
