import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createTokenEndpointQueue, type TokenEndpointQueue, type TokenEndpointQueueOptions } from "../src/endpoint/endpoint-queue.ts";
import { TokenRequestError } from "../src/errors/token-request-error.ts";
import { InvalidOptionError } from "../src/errors/tokenflight-error.ts";
import type { Urgency } from "../src/tokens/token-source.ts";
import { Outcome } from "./outcome.ts";
import { settle, TestClock } from "./test-clock.ts";

/** Runs tasks that end when they are told to, and notes in which order they start. */
class Tasks {
  readonly started: string[] = [];
  readonly #queue: TokenEndpointQueue;
  readonly #ends = new Map<string, () => void>();

  constructor(queue: TokenEndpointQueue) {
    this.#queue = queue;
  }

  add(id: string, urgency: Urgency): Promise<void> {
    const task = (): Promise<void> => {
      this.started.push(id);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#ends.set(id, resolve);
      return promise;
    };
    return this.#queue.run(task, { id, urgency });
  }

  async end(id: string): Promise<void> {
    this.#ends.get(id)?.();
    await settle();
  }
}

describe("the queue to a token endpoint", () => {
  it("runs a task and gives its result or its error", async () => {
    const queue = createTokenEndpointQueue();
    expect(await queue.run(() => Promise.resolve(5), { id: "a", urgency: "ahead" })).toBe(5);
    const error = new Error("no");
    await expect(queue.run(() => Promise.reject(error), { id: "b", urgency: "ahead" })).rejects.toBe(error);
    const throwing = (): never => {
      throw error;
    };
    await expect(queue.run(throwing, { id: "c", urgency: "ahead" })).rejects.toBe(error);
    expect(await queue.run(() => Promise.resolve(6), { id: "c", urgency: "ahead" })).toBe(6);
  });

  it("runs no more tasks at one time than it may", async () => {
    const tasks = new Tasks(createTokenEndpointQueue({ concurrency: 2 }));
    for (const id of ["a", "b", "c", "d"]) void tasks.add(id, "blocking");
    await settle();
    expect(tasks.started).toEqual(["a", "b"]);
    await tasks.end("b");
    expect(tasks.started).toEqual(["a", "b", "c"]);
  });

  it("runs eight at one time when nobody said how many", async () => {
    const tasks = new Tasks(createTokenEndpointQueue());
    for (let id = 0; id < 20; id += 1) void tasks.add(String(id), "ahead");
    await settle();
    expect(tasks.started).toHaveLength(8);
  });

  it("runs what somebody waits for before what is only ahead, and each kind in order", async () => {
    const tasks = new Tasks(createTokenEndpointQueue({ concurrency: 1 }));
    void tasks.add("running", "ahead");
    for (const id of ["ahead 1", "ahead 2"]) void tasks.add(id, "ahead");
    for (const id of ["blocking 1", "blocking 2"]) void tasks.add(id, "blocking");
    for (const id of ["running", "blocking 1", "blocking 2", "ahead 1", "ahead 2"]) await tasks.end(id);
    expect(tasks.started).toEqual(["running", "blocking 1", "blocking 2", "ahead 1", "ahead 2"]);
  });

  it("moves a task up when somebody begins to wait for it", async () => {
    const queue = createTokenEndpointQueue({ concurrency: 1 });
    const raised = new Tasks(queue);
    for (const id of ["running", "ahead 1", "ahead 2", "ahead 3"]) void raised.add(id, "ahead");
    void raised.add("blocking", "blocking");
    queue.raise("ahead 3");
    queue.raise("ahead 3");
    for (const id of ["running", "blocking", "ahead 3", "ahead 1", "ahead 2"]) await raised.end(id);
    expect(raised.started).toEqual(["running", "blocking", "ahead 3", "ahead 1", "ahead 2"]);
  });

  it("takes it calmly when a task to be raised runs, is done or was never there", async () => {
    const queue = createTokenEndpointQueue();
    const tasks = new Tasks(queue);
    const done = tasks.add("a", "ahead");
    await settle();
    expect(() => queue.raise("a")).not.toThrow();
    await tasks.end("a");
    await done;
    expect(() => queue.raise("a")).not.toThrow();
    expect(() => queue.raise("never there")).not.toThrow();
  });
});

describe("a queue on hold", () => {
  it("fails every task as throttled until the hold is over, the waiting ones too", async () => {
    const clock = new TestClock();
    const queue = createTokenEndpointQueue({ concurrency: 1, clock });
    const tasks = new Tasks(queue);
    void tasks.add("running", "blocking");
    const waiting = new Outcome(tasks.add("waiting", "blocking"));
    queue.pause(5000);
    clock.skip(1000);
    await tasks.end("running");
    expect(waiting.reason).toMatchObject({ outcome: "throttled", code: "ERR_TOKEN_REQUEST_THROTTLED", retryAfter: 4000 });
    await expect(tasks.add("new", "ahead")).rejects.toBeInstanceOf(TokenRequestError);
    expect(tasks.started).toEqual(["running"]);

    clock.skip(4000);
    expect(queue.pausedFor()).toBe(0);
    void tasks.add("later", "ahead");
    await settle();
    expect(tasks.started).toEqual(["running", "later"]);
  });

  it("is held for as long as the longest hold lasts", () => {
    const clock = new TestClock();
    const queue = createTokenEndpointQueue({ clock });
    expect(queue.pausedFor()).toBe(0);
    queue.pause(5000);
    queue.pause(1000);
    expect(queue.pausedFor()).toBe(5000);
    clock.setWall(0);
    expect(queue.pausedFor()).toBe(5000);
    clock.skip(6000);
    queue.pause(0);
    expect(queue.pausedFor()).toBe(0);
  });
});

describe("a queue with a rate limit", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.UTC(2026, 0, 1), toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("starts no more tasks in any window of that length than it may, not even around its edge", async () => {
    const queue = createTokenEndpointQueue({ concurrency: 100, interval: 1, intervalCap: 5 });
    const starts: number[] = [];
    const add = (count: number): void => {
      for (let index = 0; index < count; index += 1) {
        void queue.run(async () => void starts.push(Date.now()), { id: `${Date.now()} ${index}`, urgency: "blocking" });
      }
    };
    add(3);
    await vi.advanceTimersByTimeAsync(900);
    add(20);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(starts).toHaveLength(23);
    for (const [index, start] of starts.entries()) {
      const sixth = starts[index + 5];
      if (sixth !== undefined) expect(sixth - start).toBeGreaterThanOrEqual(1000);
    }
  });
});

describe("the options of the queue", () => {
  it.each<[TokenEndpointQueueOptions, string]>([
    [{ concurrency: 0 }, "concurrency: expected a whole number above zero, got 0."],
    [{ concurrency: 1.5 }, "concurrency: expected a whole number above zero, got 1.5."],
    [{ concurrency: -1 }, "concurrency: expected a whole number above zero, got -1."],
    [{ concurrency: Number.NaN }, "concurrency: expected a whole number above zero, got NaN."],
    [{ concurrency: "8" as unknown as number }, "concurrency: expected a whole number above zero, got a string of 1 characters."],
    [{ interval: 1 }, "interval, intervalCap: expected both or neither, got one of them."],
    [{ intervalCap: 1 }, "interval, intervalCap: expected both or neither, got one of them."],
    [{ interval: -1, intervalCap: 1 }, "interval: expected a number of seconds above zero, at most 2147483, got -1."],
    [{ interval: 0, intervalCap: 1 }, "interval: expected a number of seconds above zero, at most 2147483, got 0."],
    [{ interval: 3e6, intervalCap: 1 }, "interval: expected a number of seconds above zero, at most 2147483, got 3000000."],
    [{ interval: 1, intervalCap: 0 }, "intervalCap: expected a whole number above zero, got 0."],
    [{ interval: 1, intervalCap: Infinity }, "intervalCap: expected a whole number above zero, got Infinity."],
    [{ clock: {} as TestClock }, "clock: expected an object with now, monotonic, schedule and random, got an object."],
    [
      { rate: 5 } as TokenEndpointQueueOptions,
      "createTokenEndpointQueue.rate: expected one of concurrency, interval, intervalCap, clock, got an unknown option.",
    ],
    [null as unknown as TokenEndpointQueueOptions, "createTokenEndpointQueue: expected an object with options, got null."],
  ])("%j are refused", (options, message) => {
    expect(() => createTokenEndpointQueue(options)).toThrow(InvalidOptionError);
    expect(() => createTokenEndpointQueue(options)).toThrow(message);
  });

  it("may leave the concurrency without a limit, and all of them away", () => {
    expect(() => createTokenEndpointQueue({ concurrency: Infinity })).not.toThrow();
    expect(() => createTokenEndpointQueue({ concurrency: undefined, interval: undefined, intervalCap: undefined })).not.toThrow();
  });
});
