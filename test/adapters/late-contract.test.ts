import { expect, it } from "vitest";
import { lateSender } from "../../packages/core/src/request/fetch/late-sender.ts";
import { sender, type Sender } from "../../packages/core/src/request/fetch/sender.ts";
import { waysOfUse } from "../clients/clients.ts";
import { adapterContract } from "../contract/adapter.ts";

/** The clients whose requests are sent by a module that is loaded late: fetch and ky. */
const late = waysOfUse.filter(({ name }) => /^(?:fetch|ky)\b/.test(name));
let waits = 0;

// Every request is the first one of its program: the module that sends it is not there yet, and comes some turns of the event loop after the call.
Object.assign(lateSender, {
  loaded: undefined,
  preload: () => {},
  load(): Promise<Sender> {
    waits += 1;
    return new Promise((resolve) => {
      setImmediate(() => setImmediate(() => resolve(sender)));
    });
  },
});

for (const way of late) adapterContract({ ...way, name: `${way.name}, before its module is there` });

it("was waited for by all of them, and is not there yet", () => {
  expect(late.length).toBeGreaterThan(5);
  expect(waits).toBeGreaterThan(10 * late.length);
  expect(lateSender.loaded).toBeUndefined();
});
