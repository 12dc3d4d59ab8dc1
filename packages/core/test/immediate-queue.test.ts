import { expect, it } from "vitest";
import { createTokenCache } from "../src/cache/create-token-cache.ts";
import { createImmediateQueue } from "../src/endpoint/immediate-queue.ts";
import { TokenRequestError } from "../src/errors/token-request-error.ts";
import { settle, TestClock } from "./test-clock.ts";

const options = { id: "one", urgency: "blocking" } as const;

it("runs a task at once, and others beside it", async () => {
  const queue = createImmediateQueue(new TestClock());
  const first = Promise.withResolvers<string>();
  const one = queue.run(() => first.promise, options);
  await expect(queue.run(async () => "other", { ...options, id: "other" })).resolves.toBe("other");
  first.resolve("one");
  await expect(one).resolves.toBe("one");
});

it("rejects when the task throws, synchronously too", async () => {
  const failure = new Error("no");
  const queue = createImmediateQueue(new TestClock());
  await expect(
    queue.run(() => {
      throw failure;
    }, options),
  ).rejects.toBe(failure);
});

it("fails tasks as throttled, without running them, for as long as the endpoint asked for a pause", async () => {
  const clock = new TestClock();
  const queue = createImmediateQueue(clock);
  queue.pause(1000);
  queue.pause(200);
  let runs = 0;
  const run = (): Promise<void> => queue.run(async () => void (runs += 1), options);
  await clock.advance(400);
  expect(queue.pausedFor()).toBe(600);
  const error: unknown = await run().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TokenRequestError);
  expect(error).toMatchObject({ outcome: "throttled", retryAfter: 600 });
  expect(runs).toBe(0);
  await clock.advance(600);
  await run();
  expect(runs).toBe(1);
});

it("is the queue of a cache without a queue: after a short throttling, the request is sent again", async () => {
  const clock = new TestClock();
  let requests = 0;
  const tokens = createTokenCache({
    clock,
    source: async () => {
      requests += 1;
      if (requests === 1) throw new TokenRequestError("throttled", "Too many requests.", { retryAfter: 2000 });
      return { access_token: "fresh", expires_in: 3600 };
    },
  });
  const obtained = tokens.get();
  await settle();
  expect(requests).toBe(1);
  await clock.advance(2500);
  await expect(obtained).resolves.toMatchObject({ accessToken: "fresh" });
  expect(requests).toBe(2);
});
