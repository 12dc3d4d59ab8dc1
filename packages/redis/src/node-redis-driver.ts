import type { NodeRedisClient } from "./clients.ts";
import type { Driver, Subscriber, SubscriptionEvents } from "./driver.ts";

interface Connection {
  readonly isOpen: boolean;
  /** A cluster's has none before 6, and no `unref`. */
  readonly isReady?: boolean;
  unref?(): void;
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
    isOpen: () => client.isOpen,
    isClosed: () => !client.isOpen,
    info: async () => String(await (isCluster ? client.sendCommand?.(undefined, true, ["INFO"]) : client.info?.())),
    subscribe: (channel, events) => subscriber(client, channel, events),
    on: (event, listener) => void client.on(event, listener),
    off: (event, listener) => void client.off(event, listener),
  };
}

function subscriber(client: Optional, channel: string, { message, connected }: SubscriptionEvents): Subscriber | undefined {
  // A pool has none.
  const connection = client.duplicate?.();
  if (connection === undefined) return undefined;
  // It reconnects by itself; without a listener its errors would end the process.
  connection.on("error", () => {});
  const opened = connection.connect();
  // Not every kind of client says "ready" when it connects for the first time.
  const begun = (): void => {
    connected();
    connection.on("ready", connected);
  };
  opened.then(begun, () => {});
  connection.unref?.();
  // The client takes a subscription that begins while the one before is still ending for the same one, and ends both.
  let last: Promise<unknown> = opened;
  const inTurn = (work: () => Promise<unknown>): Promise<unknown> => (last = last.then(work, () => opened.then(work)));
  return {
    isConnected: () => connection.isReady ?? connection.isOpen,
    begin: () => inTurn(() => connection.subscribe(channel, message)),
    pause: () => inTurn(() => connection.unsubscribe(channel)),
    close: () => connection.destroy(),
  };
}
