import type { NodeRedisClient } from "./clients.ts";
import type { Driver, Subscriber } from "./driver.ts";

interface Connection {
  connect(): Promise<unknown>;
  subscribe(channel: string, listener: (message: string, channel: string) => void): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  destroy(): void;
  on(event: string, listener: () => void): unknown;
}

interface Optional {
  isReady?: boolean;
  /** A cluster has it: its nodes come and go one by one, and it has no one state. */
  slots?: unknown;
  info?(): Promise<unknown>;
  sendCommand?(firstKey: undefined, isReadonly: true, command: string[]): Promise<unknown>;
  duplicate?(): Connection;
}

export function nodeRedisDriver(client: NodeRedisClient & Optional): Driver {
  const isCluster = client.slots !== undefined;
  return {
    runKnown: ({ sha }, key, given) => client.evalSha(sha, { keys: [key], arguments: [...given] }),
    run: ({ lua }, key, given) => client.eval(lua, { keys: [key], arguments: [...given] }),
    isDisconnected: () => client.isOpen && client.isReady === false && !isCluster,
    info: async () => String(await (isCluster ? client.sendCommand?.(undefined, true, ["INFO"]) : client.info?.())),
    subscribe: (hint) => subscriber(client, hint),
    on: (event, listener) => void client.on(event, listener),
    off: (event, listener) => void client.off(event, listener),
  };
}

function subscriber(client: Optional, hint: (channel?: string) => void): Subscriber {
  const connection = client.duplicate?.();
  // A pool has none: nobody is told of changes then, and whoever waits finds them by looking.
  if (connection === undefined) return { add: async () => {}, remove: async () => {}, close: () => {} };
  // It reconnects by itself; without a listener its errors would end the process.
  connection.on("error", () => {});
  connection.on("ready", () => hint());
  const connected = connection.connect();
  connected.catch(() => {});
  return {
    add: (channel) => connected.then(() => connection.subscribe(channel, () => hint(channel))),
    remove: (channel) => connected.then(() => connection.unsubscribe(channel)),
    close: () => connection.destroy(),
  };
}
