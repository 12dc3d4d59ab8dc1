import { getEventListeners } from "node:events";
import { expect, it } from "vitest";
import { waitFor } from "../src/wait.ts";
import { Outcome } from "./outcome.ts";
import { settle } from "./test-clock.ts";

it("without a signal waits for the shared promise itself", () => {
  const shared = Promise.resolve(5);
  expect(waitFor(shared, undefined)).toBe(shared);
});

it("ends at once with the reason of a signal that has aborted", async () => {
  await expect(waitFor(Promise.resolve(5), AbortSignal.abort("enough"))).rejects.toBe("enough");
});

it("ends with the signal's reason, and the shared promise goes on", async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  const controller = new AbortController();
  const [left, stays] = [new Outcome(waitFor(promise, controller.signal)), new Outcome(waitFor(promise, new AbortController().signal))];
  const reason = new Error("enough");
  controller.abort(reason);
  await settle();
  expect([left.state, left.reason, stays.state]).toEqual(["rejected", reason, "pending"]);
  resolve(5);
  await settle();
  expect(stays.value).toBe(5);
});

it("leaves no listener on the signal, however it ends", async () => {
  const { signal } = new AbortController();
  await waitFor(Promise.resolve(5), signal);
  await waitFor(Promise.reject(new Error("no")), signal).catch(() => {});
  await settle();
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

it("passes a rejection on once, and none is left unhandled", async () => {
  const controller = new AbortController();
  const { promise, reject } = Promise.withResolvers<number>();
  const left = new Outcome(waitFor(promise, controller.signal));
  controller.abort("enough");
  reject(new Error("no"));
  await settle();
  expect(left.reason).toBe("enough");
});
