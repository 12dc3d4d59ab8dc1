import type { Clock } from "../clock.ts";
import { createEndpointPause } from "./endpoint-pause.ts";
import type { TokenEndpointQueue } from "./endpoint-queue.ts";

/** Runs each task at once, for a cache that is alone at its token endpoint and has one refresh under way at a time. It keeps the pauses. */
export function createImmediateQueue(clock: Clock): TokenEndpointQueue {
  const { check, ...pause } = createEndpointPause(clock);
  return {
    ...pause,
    async run(task) {
      check();
      return task();
    },
    raise() {},
  };
}
