import { errorMonitor } from "node:events";
import type { Driver } from "./driver.ts";
import { copyOf } from "./redis-error.ts";

interface Emitter {
  on(event: string | symbol, listener: (error: unknown) => void): unknown;
}

/** One pair of listeners for each client, however many stores use it. */
const heard = new WeakMap<object, { last?: Error | undefined }>();

/**
 * Hears what a client's connection says when it fails: a wrong password, an unknown CA, a server that is away. Clients tell that to listeners for
 * "error" and to no command. The error is only looked at: the caller's listeners, or that there is none, count as before.
 */
export function connectionTrouble(client: object, driver: Driver): () => Error | undefined {
  const trouble = heard.get(client) ?? listenTo(client as Emitter, driver);
  heard.set(client, trouble);
  return () => trouble.last;
}

function listenTo(client: Emitter, driver: Driver): { last?: Error | undefined } {
  const trouble: { last?: Error | undefined } = {};
  client.on(errorMonitor, (error) => (trouble.last = copyOf(error)));
  driver.on("ready", () => (trouble.last = undefined));
  return trouble;
}
