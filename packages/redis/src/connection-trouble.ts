import { errorMonitor } from "node:events";
import type { Driver } from "./driver.ts";
import { copyOf } from "./redis-error.ts";

interface Emitter {
  on(event: string | symbol, listener: (error: unknown) => void): unknown;
}

/** What a client's connection said last, while there is none. */
export interface Trouble {
  last?: Error | undefined;
}

/** One pair of listeners for each client, however many stores use it. */
const heard = new WeakMap<object, Trouble>();

/**
 * Hears what a client's connection says when it fails: a wrong password, an unknown CA, a server that is away. Clients tell that to listeners for
 * "error" and to no command. The error is only looked at: the caller's listeners, or that there is none, count as before. Not every client tells when the
 * connection is back: whoever gets an answer forgets it, too.
 */
export function connectionTrouble(client: object, driver: Driver): Trouble {
  const trouble = heard.get(client) ?? listenTo(client as Emitter, driver);
  heard.set(client, trouble);
  return trouble;
}

function listenTo(client: Emitter, driver: Driver): Trouble {
  const trouble: Trouble = {};
  client.on(errorMonitor, (error) => (trouble.last = copyOf(error)));
  driver.on("ready", () => (trouble.last = undefined));
  return trouble;
}
