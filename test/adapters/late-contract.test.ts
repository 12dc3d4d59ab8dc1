import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { lateSender } from "../../packages/core/src/request/fetch/late-sender.ts";
import { sender } from "../../packages/core/src/request/fetch/sender.ts";
import { waysOfUse } from "../clients/clients.ts";
import { adapterContract } from "../contract/adapter.ts";

/** The clients whose requests are sent by a module that is loaded late: fetch and ky. */
const late = waysOfUse.filter(({ name }) => /^(?:fetch|ky)\b/.test(name));

/** Counted here, because the calls of a mock are forgotten before each test. */
let waits = 0;

// Every request is the first one of its program: the module that sends it is not there yet, and comes some turns of the event loop after the call.
beforeAll(() => {
  // Whatever has begun to load it before.
  Object.defineProperty(lateSender, "loaded", { get: () => undefined, set: () => {} });
  vi.spyOn(lateSender, "preload").mockImplementation(() => {});
  vi.spyOn(lateSender, "load").mockImplementation(
    () =>
      new Promise((resolve) => {
        waits += 1;
        setImmediate(() => setImmediate(() => resolve(sender)));
      }),
  );
});

afterAll(() => vi.restoreAllMocks());

for (const way of late) adapterContract({ ...way, name: `${way.name}, before its module is there` });

it("was waited for in each of them", () => {
  expect(waits).toBeGreaterThan(10 * late.length);
});
