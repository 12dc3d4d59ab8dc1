import type { Clock } from "../clock.ts";
import { EndpointHold } from "./endpoint-pause.ts";
import type { TokenEndpointQueue } from "./endpoint-queue.ts";

/**
 * The way to a token endpoint for a cache that is alone. It has one refresh under way at a time, so that there is nothing to put in order
 * and no queue is needed. When the endpoint asks for patience, that holds here, too.
 */
export function createDirectWay(clock: Clock): TokenEndpointQueue {
  const hold = new EndpointHold(clock);
  return {
    heldFor: () => hold.left(),
    hold: (delay) => hold.begin(delay),
    async run(task) {
      hold.check();
      return task();
    },
    raise() {},
  };
}
