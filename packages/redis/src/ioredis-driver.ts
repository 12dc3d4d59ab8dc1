import type { IoredisClient } from "./clients.ts";
import type { Driver, Subscriber } from "./driver.ts";

/** The states in which a command waits in the client's queue. In "wait" a command makes it connect; in "end" one is rejected. */
const disconnectedStates: ReadonlySet<string> = new Set(["connecting", "connect", "close", "reconnecting"]);

interface Connection {
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  disconnect(): void;
  on(event: string, listener: (value: string) => void): unknown;
}

export function ioredisDriver(client: IoredisClient): Driver {
  return {
    runKnown: ({ sha }, key, given) => client.evalsha(sha, 1, key, ...given),
    run: ({ lua }, key, given) => client.eval(lua, 1, key, ...given),
    isDisconnected: () => disconnectedStates.has(client.status),
    info: () => client.info(),
    subscribe: (hint) => subscriber(client, hint),
    on: (event, listener) => void client.on(event, listener),
    off: (event, listener) => void client.off(event, listener),
  };
}

function subscriber(client: IoredisClient, hint: (channel?: string) => void): Subscriber {
  // The caller's options, but for those that would make a subscription fail while the connection is being made. A cluster has others.
  const overrides = { enableOfflineQueue: true, maxRetriesPerRequest: null, autoResubscribe: true, lazyConnect: false };
  const isCluster = (client as { isCluster?: boolean }).isCluster === true;
  const connection = (client.duplicate as (options?: object) => Connection).call(client, isCluster ? undefined : overrides);
  // It reconnects by itself; without a listener its errors would be printed.
  connection.on("error", () => {});
  connection.on("ready", () => hint());
  connection.on("message", hint);
  return {
    add: (channel) => connection.subscribe(channel),
    remove: (channel) => connection.unsubscribe(channel),
    close: () => connection.disconnect(),
  };
}
