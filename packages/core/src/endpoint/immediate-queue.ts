import type { Clock } from "../clock/clock.ts";
import { shared } from "../platform/shared.ts";
import { createEndpointPause } from "./endpoint-pause.ts";
import type { TokenEndpointQueue } from "./endpoint-queue.ts";

/** Runs each task at once, for a cache that is alone at its token endpoint and has one refresh under way at a time. It keeps the pauses. */
export function createImmediateQueue(clock: Clock): TokenEndpointQueue {
  const { check, ...pause } = createEndpointPause(clock);
  const queue: TokenEndpointQueue = {
    ...pause,
    async run(task) {
      check();
      return task();
    },
    raise() {},
  };
  immediate.add(queue);
  return queue;
}

const immediate = shared("immediate-queues.1", () => new WeakSet<object>());

/** Whether this queue has no slots for which somebody could wait. */
export function isImmediate(queue: object): boolean {
  return immediate.has(queue);
}
