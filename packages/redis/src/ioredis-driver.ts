import type { IoredisClient } from "./clients.ts";
import type { Driver, Subscriber, SubscriptionEvents } from "./driver.ts";

/** The states in which a command waits in the client's queue. In "wait" a command makes it connect; in "end" one is rejected. */
const disconnectedStates: ReadonlySet<string> = new Set(["connecting", "connect", "close", "reconnecting"]);

interface Connection {
  readonly status: string;
  /** A cluster's has none. */
  readonly stream?: { unref?(): unknown } | undefined;
  connect(): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  disconnect(): void;
  on(event: string, listener: (...given: string[]) => void): unknown;
}

export function ioredisDriver(client: IoredisClient): Driver {
  return {
    runKnown: ({ sha }, key, given) => client.evalsha(sha, 1, key, ...given),
    run: ({ lua }, key, given) => client.eval(lua, 1, key, ...given),
    isDisconnected: () => disconnectedStates.has(client.status),
    isOpen: () => client.status !== "wait" && client.status !== "end",
    isClosed: () => client.status === "end",
    info: () => client.info(),
    subscribe: (channel, events) => subscriber(client, channel, events),
    on: (event, listener) => void client.on(event, listener),
    off: (event, listener) => void client.off(event, listener),
  };
}

function subscriber(client: IoredisClient, channel: string, { message, connected }: SubscriptionEvents): Subscriber {
  // The caller's options, but for subscribing again, which `connected` asks for: what ioredis does itself is caught by nobody and would end the process
  // when the connection is closed meanwhile. A cluster has other options, and catches it.
  const overrides = { autoResubscribe: false, lazyConnect: false };
  const isCluster = (client as { isCluster?: boolean }).isCluster === true;
  const connection = (client.duplicate as (options?: object) => Connection).call(client, isCluster ? undefined : overrides);
  // It reconnects by itself; without a listener its errors would be printed.
  connection.on("error", () => {});
  // A cluster of a lazy one is lazy, too.
  if (connection.status === "wait") connection.connect().catch(() => {});
  connection.on("connect", () => void connection.stream?.unref?.());
  connection.on("ready", connected);
  connection.on("message", (from = "", text = "") => {
    if (from === channel) message(text);
  });
  return {
    tellsOfConnections: !isCluster,
    isConnected: () => connection.status === "ready",
    hasEnded: () => connection.status === "end",
    begin: () => connection.subscribe(channel),
    pause: () => connection.unsubscribe(channel),
    close: () => connection.disconnect(),
  };
}
