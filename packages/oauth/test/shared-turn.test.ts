import { memoryStore, systemClock, type TokenStore } from "@tokenflight/core";
import { sharedTurn, type TurnWork } from "@tokenflight/oauth";
import { describe, expect, it } from "vitest";
import { failureOf } from "./call.ts";

/** Where all processes of a test find what one of them has made. */
interface Place {
  kept: string | undefined;
}

interface Worker {
  readonly result: Promise<string>;
  readonly asked: Promise<AbortSignal>;
  finish(made: string): void;
  fail(error: Error): void;
}

function begin(store: TokenStore, place: Place, name = "registration", signal?: AbortSignal): Worker {
  const asked = Promise.withResolvers<AbortSignal>();
  const made = Promise.withResolvers<string>();
  const work: TurnWork<string, string> = {
    find: async () => place.kept,
    make: (ending) => (asked.resolve(ending), made.promise),
    keep: async (given) => (place.kept = given),
  };
  const result = sharedTurn(store, name, "me", work, { signal }).catch(
    (error: { code?: string; reason?: string; message: string }) => `${error.code ?? error.message} ${error.reason ?? ""}`,
  );
  return { result, asked: asked.promise, finish: made.resolve, fail: made.reject };
}

describe("what is done in turns", () => {
  it("is done once for all who want it, and found by whoever comes later", async () => {
    const [store, place]: [TokenStore, Place] = [memoryStore(), { kept: undefined }];
    const workers = Array.from({ length: 5 }, () => begin(store, place));
    const owner = await Promise.race(workers.map(async (worker) => (await worker.asked, worker)));
    owner.finish("made");
    expect(await Promise.all(workers.map(({ result }) => result))).toEqual(workers.map(() => "made"));
    expect(await begin(store, place).result).toBe("made");
  });

  it("is another thing under another name", async () => {
    const store = memoryStore();
    const one = begin(store, { kept: undefined });
    const other = begin(store, { kept: undefined }, "something else");
    await Promise.all([one.asked, other.asked]);
    one.finish("one");
    other.finish("other");
    expect(await Promise.all([one.result, other.result])).toEqual(["one", "other"]);
  });

  it("is done by the next one when it has failed, and its own caller is told", async () => {
    const [store, place]: [TokenStore, Place] = [memoryStore(), { kept: undefined }];
    const first = begin(store, place);
    await first.asked;
    const second = begin(store, place);
    first.fail(new Error("no"));
    expect(await first.result).toBe("no ");
    await second.asked;
    second.finish("made");
    expect(await second.result).toBe("made");
  });

  it("ends with its signal", async () => {
    const ending = new AbortController();
    const worker = begin(memoryStore(), { kept: undefined }, "registration", ending.signal);
    const signal = await worker.asked;
    ending.abort();
    expect([await worker.result, signal.aborted]).toEqual(["ERR_LOGIN_FAILED aborted", true]);
  });

  it("ends in time", async () => {
    const work: TurnWork<string, string> = { find: async () => undefined, make: () => new Promise(() => {}), keep: async (made) => made };
    const clock = {
      monotonic: () => systemClock.monotonic() * 50,
      schedule: (callback: () => void, delay: number) => systemClock.schedule(callback, delay / 50, true),
    };
    const error = await failureOf(sharedTurn(memoryStore(), "a", "b", work, { timeout: 5, clock }));
    expect(error).toMatchObject({ code: "ERR_LOGIN_FAILED", reason: "expired" });
  });
});

const work: TurnWork<string, string> = { find: async () => "a", make: async () => "a", keep: async () => "a" };

it.each<[string, unknown[], string]>([
  ["no store", [{}, "a", "b", work], "sharedTurn.store"],
  ["no name", [memoryStore(), "", "b", work], "sharedTurn.name"],
  ["no key", [memoryStore(), "a", "", work], "sharedTurn.key"],
  ["no work", [memoryStore(), "a", "b", undefined], "sharedTurn.work.find"],
  ["half of it", [memoryStore(), "a", "b", { ...work, keep: undefined }], "sharedTurn.work.keep"],
  ["a misspelt option", [memoryStore(), "a", "b", work, { timeOut: 1 }], "sharedTurn.timeOut"],
])("refuses %s", async (_, given, option) => {
  const error = await failureOf(sharedTurn(...(given as Parameters<typeof sharedTurn>)));
  expect(error).toMatchObject({ code: "ERR_INVALID_OPTION", option });
});
