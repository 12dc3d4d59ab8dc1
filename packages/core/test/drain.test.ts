import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Drain, drain } from "../src/request/drain.ts";

/** The bounds: 256 KiB, and a second. */
const longest = 262_144;

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

interface Body {
  readonly stream: ReadableStream<Uint8Array>;
  readonly pulls: () => number;
  readonly cancels: () => number;
}

/** A web stream of these pieces, one for each time that it is read; undefined is its end. */
function bodyOf(pieceAt: (index: number) => unknown, cancel?: () => Promise<void>): Body {
  let pulls = 0;
  let cancels = 0;
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = await pieceAt(pulls);
        pulls += 1;
        if (piece === undefined) controller.close();
        else controller.enqueue(piece as Uint8Array);
      },
      cancel() {
        cancels += 1;
        return cancel?.();
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, pulls: () => pulls, cancels: () => cancels };
}

const never = (): Promise<never> => new Promise(() => {});
const kilobyte = new Uint8Array(1024);

/** Whether a promise is fulfilled without a timer. */
async function isFulfilled(promise: Promise<void>): Promise<boolean> {
  let fulfilled = false;
  void promise.then(() => (fulfilled = true));
  // The pieces of the longest body take a few turns of the event loop.
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return fulfilled;
}

it.each([undefined, null, "256", 100, longest])(
  "a body of 256 KB is read to its end, if %s is its content-length",
  async (contentLength) => {
    const { stream, pulls, cancels } = bodyOf((index) => (index < 256 ? kilobyte : undefined));

    await drain(stream.getReader(), contentLength);

    expect([pulls(), cancels()]).toEqual([257, 0]);
    expect(vi.getTimerCount()).toBe(0);
  },
);

it("a body that turns out to be longer is cancelled", async () => {
  const { stream, pulls, cancels } = bodyOf(() => kilobyte);

  await drain(stream.getReader(), undefined);

  expect([pulls(), cancels()]).toEqual([257, 1]);
  expect(vi.getTimerCount()).toBe(0);
});

it.each([String(longest + 1), longest + 1])(
  "a body whose content-length is %s is cancelled before its first byte",
  async (contentLength) => {
    const { stream, pulls, cancels } = bodyOf(() => kilobyte);

    await drain(stream.getReader(), contentLength);

    expect([pulls(), cancels()]).toEqual([0, 1]);
    expect(vi.getTimerCount()).toBe(0);
  },
);

it.each(["not a number", "", "-1"])("a content-length of %j says nothing", async (contentLength) => {
  const { stream, pulls } = bodyOf((index) => (index < 2 ? kilobyte : undefined));

  await drain(stream.getReader(), contentLength);

  expect(pulls()).toBe(3);
});

it("a body that does not end is waited for one second", async () => {
  const { stream, cancels } = bodyOf((index) => (index === 0 ? kilobyte : never()));

  const drained = drain(stream.getReader(), 2048);
  await vi.advanceTimersByTimeAsync(999);
  expect([await isFulfilled(drained), cancels()]).toEqual([false, 0]);
  await vi.advanceTimersByTimeAsync(1);

  expect([await isFulfilled(drained), cancels()]).toEqual([true, 1]);
});

it.each<[string, unknown]>([
  ["empty pieces", new Uint8Array(0)],
  ["pieces without a length", {}],
])("a body of %s without an end does not keep the thread busy", async (_name, piece) => {
  const { stream, cancels } = bodyOf(() => piece);

  await drain(stream.getReader(), undefined);

  expect(cancels()).toBe(1);
});

it.each<[string, () => Promise<void>]>([
  [
    "that throws",
    () => {
      throw new Error("cannot");
    },
  ],
  ["that rejects", () => Promise.reject(new Error("cannot"))],
  ["that never ends", never],
])("a cancel %s changes nothing", async (_name, cancel) => {
  const { stream, cancels } = bodyOf(() => kilobyte, cancel);

  await drain(stream.getReader(), longest + 1);

  expect(cancels()).toBe(1);
});

it("a body that fails is over", async () => {
  const { stream, cancels } = bodyOf((index) => (index === 0 ? kilobyte : Promise.reject(new Error("reset"))));

  await drain(stream.getReader(), undefined);

  expect(cancels()).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

it("what comes by events is counted in the same way, and is over once", async () => {
  const cancel = vi.fn<() => void>();
  const body = new Drain(cancel);
  body.begin(undefined);

  body.count(new Uint8Array(longest));
  expect([body.isOver, cancel.mock.calls.length]).toEqual([false, 0]);
  body.count(new Uint8Array(1));
  expect([body.isOver, cancel.mock.calls.length]).toEqual([true, 1]);
  body.count(new Uint8Array(longest));
  body.end();
  await vi.advanceTimersByTimeAsync(2000);

  await body.over;
  expect(cancel).toHaveBeenCalledOnce();
});
