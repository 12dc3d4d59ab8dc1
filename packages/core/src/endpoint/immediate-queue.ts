import type { Clock } from "../clock.ts";
import { createEndpointPause } from "./endpoint-pause.ts";
import type { TokenEndpointQueue } from "./endpoint-queue.ts";

/** Runs each task at once, for a cache that is alone at its token endpoint and has one refresh under way at a time. It keeps the pauses. */
export function createImmediateQueue(clock: Clock): TokenEndpointQueue {
  const pause = createEndpointPause(clock);
  return {
    pausedFor: pause.left,
    pause: pause.begin,
    async run(task) {
      pause.check();
      return task();
    },
    raise() {},
  };
}
