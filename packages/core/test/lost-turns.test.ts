import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createTokenEndpointQueue, type TokenEndpointQueue, type TokenRequestTask } from "../src/endpoint/endpoint-queue.ts";
import { TurnQueue, type TurnOptions } from "../src/endpoint/turn-queue.ts";
import { Outcome } from "./outcome.ts";
import { settle, TestClock } from "./test-clock.ts";

let clock: TestClock;
let queue: TokenEndpointQueue;
/** Which request runs now. What one has put in, another one cannot begin. */
let request: string;
let started: string[];

beforeEach(() => {
  clock = new TestClock();
  request = "none";
  started = [];
  queue = createTokenEndpointQueue({ concurrency: 1, clock });
  const enqueue = TurnQueue.prototype.enqueue;
  vi.spyOn(TurnQueue.prototype, "enqueue").mockImplementation(function (
    this: TurnQueue,
    run: () => Promise<unknown>,
    options?: TurnOptions,
  ) {
    const owner = request;
    const begin = (): Promise<unknown> => {
      if (request !== owner) throw new Error("Cannot perform I/O on behalf of a different request.");
      return run();
    };
    enqueue.call(this, begin, options);
  });
});
afterEach(() => void vi.restoreAllMocks());

/** Each task is of the request of its name. */
function add(id: string, task: () => Promise<unknown> = async () => id, how: Partial<TokenRequestTask> = {}): Outcome<unknown> {
  request = id;
  const noted = (): Promise<unknown> => {
    started.push(id);
    return task();
  };
  return new Outcome(queue.run(noted, { id, urgency: "blocking", timeout: 27_500, ...how }));
}

/** The request of this task looks. */
async function look(id: string, how?: { atOnce?: boolean }): Promise<void> {
  request = id;
  queue.raise(id, how);
  await settle();
}

describe("a turn that another request cannot begin", () => {
  it("is lost, and put in again by its own request when it looks", async () => {
    const end = Promise.withResolvers<void>();
    const first = add("first", () => end.promise);
    const [second, third] = [add("second"), add("third")];
    request = "first";
    end.resolve();
    await settle();
    expect([first.state, second.state, third.state]).toEqual(["resolved", "pending", "pending"]);
    await look("third");
    expect(third.value).toBe("third");
    await look("second");
    expect(second.value).toBe("second");
    expect(started).toEqual(["first", "third", "second"]);
  });

  it("begins once, however often its request looks", async () => {
    const end = Promise.withResolvers<void>();
    add("first", () => end.promise);
    const gate = Promise.withResolvers<void>();
    const second = add("second", () => gate.promise);
    request = "first";
    end.resolve();
    await settle();
    for (let looks = 0; looks < 5; looks += 1) await look("second");
    gate.resolve();
    await settle();
    for (let looks = 0; looks < 5; looks += 1) await look("second");
    expect([second.state, started]).toEqual(["resolved", ["first", "second"]]);
  });

  it("takes no slot of those that can begin", async () => {
    const end = Promise.withResolvers<void>();
    add("first", () => end.promise);
    add("lost");
    request = "first";
    end.resolve();
    await settle();
    for (const id of ["a", "b", "c"]) {
      const next = add(id);
      await settle();
      expect(next.value).toBe(id);
    }
  });

  it("keeps its priority when it is put in again, and gets a higher one", async () => {
    const end = Promise.withResolvers<void>();
    add("first", () => end.promise);
    add("ahead", undefined, { urgency: "ahead" });
    request = "first";
    end.resolve();
    await settle();
    const busy = Promise.withResolvers<void>();
    add("busy", () => busy.promise);
    add("blocking");
    // A caller waits for it now; its place is behind who came before with the same priority.
    await look("ahead");
    request = "blocking";
    busy.resolve();
    await settle();
    await look("ahead");
    expect(started).toEqual(["first", "busy", "blocking", "ahead"]);
  });

  it("may begin at once, beside the others", async () => {
    const end = Promise.withResolvers<void>();
    add("first", () => end.promise);
    const second = add("second");
    await look("second", { atOnce: true });
    expect([second.value, started]).toEqual(["second", ["first", "second"]]);
    request = "first";
    end.resolve();
    await settle();
    await look("second", { atOnce: true });
    expect(started).toEqual(["first", "second"]);
  });
});

describe("the order of those who wait", () => {
  it("is changed by a caller who begins to wait for a refresh ahead: it goes before the others ahead", async () => {
    const end = Promise.withResolvers<void>();
    const ahead = { urgency: "ahead" } as const;
    vi.restoreAllMocks();
    add("first", () => end.promise);
    for (const id of ["a", "b", "c"]) add(id, undefined, ahead);
    add("d");
    await look("c");
    await look("c");
    end.resolve();
    await settle();
    expect(started).toEqual(["first", "d", "c", "a", "b"]);
  });

  it("is not changed for a task that nobody has put in, or that is done", async () => {
    add("done");
    await settle();
    for (const id of ["done", "never heard of"]) await look(id);
    await look("done", { atOnce: true });
    expect(started).toEqual(["done"]);
  });
});

describe("a slot of a task whose promise the platform rejects to whoever waits for it then", () => {
  it("is given back at the next look, a second later at the earliest", async () => {
    // The platform rejects what belongs to a request that has ended, as soon as somebody else asks.
    const stuck = new Promise<never>(() => {});
    let hasEnded = false;
    const finallyOf = Promise.prototype.finally;
    vi.spyOn(Promise.prototype, "finally").mockImplementation(function (this: Promise<unknown>, work) {
      const done = finallyOf.call(this, work) as Promise<unknown>;
      const catchOf = done.catch.bind(done);
      done.catch = (handle) => (hasEnded ? Promise.reject(new Error("The request has ended.")).catch(handle) : catchOf(handle));
      return done;
    });
    add("dropped", () => stuck);
    vi.mocked(Promise.prototype.finally).mockRestore();
    const waiting = add("waiting");
    await settle();
    hasEnded = true;
    clock.skip(999);
    await look("waiting");
    expect(waiting.state).toBe("pending");
    clock.skip(1001);
    // One look finds it, and the next one uses what it found.
    await look("waiting");
    await look("waiting");
    expect([waiting.value, started]).toEqual(["waiting", ["dropped", "waiting"]]);
  });
});

describe("a rate limit whose timer is never heard of again", () => {
  it("keeps nobody waiting for ever", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "setInterval"] });
    try {
      queue = createTokenEndpointQueue({ interval: 10, intervalCap: 1, clock });
      add("first");
      const second = add("second");
      await settle();
      expect(started).toEqual(["first"]);
      // p-queue's own timer belonged to a request that has ended.
      vi.clearAllTimers();
      clock.skip(11_000);
      await look("second");
      expect(second.state).toBe("pending");
      clock.skip(1);
      await look("second");
      expect(second.value).toBe("second");
    } finally {
      vi.useRealTimers();
    }
  });
});
