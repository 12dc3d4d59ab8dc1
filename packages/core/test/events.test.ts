import { expect, it, vi } from "vitest";
import { guarded, type Observer, type TokenEvent } from "../src/events.ts";
import { settle } from "./test-clock.ts";

const event: TokenEvent = { type: "token-forgotten", generation: 1 };

it("passes each event on, as it is", () => {
  const observe = vi.fn<Observer>();
  guarded(observe)(event);
  expect(observe.mock.calls).toEqual([[event]]);
});

it("does without an observer", () => {
  expect(() => guarded(undefined)(event)).not.toThrow();
});

it("hears nothing of an observer that throws, at once or later", async () => {
  const broken: Observer = () => {
    throw new Error("The log is full.");
  };
  const brokenLater: Observer = async () => {
    await settle();
    throw new Error("The log is full.");
  };
  expect(() => guarded(broken)(event)).not.toThrow();
  // An unhandled rejection would fail this run.
  expect(() => guarded(brokenLater)(event)).not.toThrow();
  await settle();
  await settle();
});

it("does not run what an observer gives, such as a query that runs when it is awaited", async () => {
  let runs = 0;
  const query = {};
  Reflect.set(query, "then", () => (runs += 1));
  guarded(() => query)({});
  await Promise.resolve();
  expect(runs).toBe(0);
});
