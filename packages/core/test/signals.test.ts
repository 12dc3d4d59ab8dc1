import { afterEach, describe, expect, it } from "vitest";
import { withDeadline } from "../src/clock/deadline.ts";
import { waitFor } from "../src/clock/waits.ts";
import { abortWith, reasonOf, throwIfAborted } from "../src/platform/signals.ts";
import { TestClock } from "./test-clock.ts";

const { prototype } = AbortSignal;
const given = Object.getOwnPropertyDescriptors(prototype);
afterEach(() => {
  Object.defineProperty(prototype, "reason", given.reason);
});

/** With the platform's own reasons, and without any, as before 2022. */
const platforms: Record<string, () => void> = {
  "signals that have reasons": () => {},
  "signals that have none": () => void Reflect.deleteProperty(prototype, "reason"),
};

describe.each(Object.entries(platforms))("%s", (_name, prepare) => {
  it("tell the reason that they were aborted with, the first one, and throw it", () => {
    prepare();
    const controller = new AbortController();
    expect(() => throwIfAborted(controller.signal)).not.toThrow();
    const heard: unknown[] = [];
    controller.signal.addEventListener("abort", () => heard.push(reasonOf(controller.signal)));
    const reason = new Error("first");
    abortWith(controller, reason);
    abortWith(controller, new Error("second"));
    expect([heard, reasonOf(controller.signal)]).toEqual([[reason], reason]);
    expect(() => throwIfAborted(controller.signal)).toThrow(reason);
  });

  it("have an AbortError for a reason when nobody named one", () => {
    prepare();
    const controller = new AbortController();
    controller.abort();
    const reason = reasonOf(controller.signal);
    expect([(reason as Error).name, reasonOf(controller.signal) === reason]).toEqual(["AbortError", true]);
  });

  it("end work at its deadline, and with its caller, each with its own reason", async () => {
    prepare();
    const clock = new TestClock();
    const never = (signal: AbortSignal): Promise<never> => waitFor(new Promise<never>(() => {}), signal);
    const caller = new AbortController();
    const overdue = withDeadline(clock, 10, caller.signal, never, () => new Error("overdue"));
    const ended = expect(overdue).rejects.toThrow("overdue");
    await clock.advance(10);
    await ended;

    const left = withDeadline(clock, 10, caller.signal, never);
    abortWith(caller, new Error("left"));
    await expect(left).rejects.toThrow("left");
    // Whoever comes with a signal that has aborted does not begin to wait.
    await expect(withDeadline(clock, 10, caller.signal, never)).rejects.toThrow("left");
  });
});
