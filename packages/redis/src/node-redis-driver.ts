import type { NodeRedisClient } from "./clients.ts";
import type { Driver, Subscriber, SubscriptionEvents } from "./driver.ts";

interface Connection {
  readonly isOpen: boolean;
  /** A cluster's has none before 6. */
  readonly isReady?: boolean;
  /** Those of clusters and sentinels have none. */
  unref?(): void;
  connect(): Promise<unknown>;
  subscribe(channel: string, listener: (message: string, channel: string) => void): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  /** A sentinel's is asynchronous. */
  destroy(): unknown;
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

/** What a cluster calls them. */
const clusterEvents = { ready: "connect", end: "disconnect" } as const;

export function nodeRedisDriver(client: NodeRedisClient & Optional): Driver {
  const isCluster = client.slots !== undefined;
  const nameOf = (event: "ready" | "end"): string => (isCluster ? clusterEvents[event] : event);
  return {
    runKnown: ({ sha }, key, given) => client.evalSha(sha, { keys: [key], arguments: [...given] }),
    run: ({ lua }, key, given) => client.eval(lua, { keys: [key], arguments: [...given] }),
    isDisconnected: () => client.isOpen && client.isReady === false && !isCluster,
    isOpen: () => client.isOpen,
    isClosed: () => !client.isOpen,
    info: async () => String(await (isCluster ? client.sendCommand?.(undefined, true, ["INFO"]) : client.info?.())),
    subscribe: (channel, events) => subscriber(client, channel, events),
    on: (event, listener) => void client.on(nameOf(event), listener),
    off: (event, listener) => void client.off(nameOf(event), listener),
  };
}

function subscriber(client: Optional, channel: string, { message, connected }: SubscriptionEvents): Subscriber | undefined {
  // A pool has none.
  const connection = client.duplicate?.();
  if (connection === undefined) return undefined;
  const isCluster = client.slots !== undefined;
  const lifetime = new Lifetime(connection, isCluster);
  const opened = connection.connect();
  // Not every kind of client says "ready" when it connects for the first time.
  const begun = (): void => {
    lifetime.connectionIsMade();
    connected();
    connection.on("ready", connected);
  };
  opened.then(begun, lifetime.connectionIsMade);
  connection.unref?.();
  // The client takes a subscription that begins while the one before is still ending for the same one, and ends both.
  let last: Promise<unknown> = opened;
  const inTurn = (work: () => Promise<unknown>): Promise<unknown> => {
    // A cluster makes a connection for the first subscription.
    const run = (): Promise<unknown> => (isCluster ? lifetime.connecting(work) : work());
    return (last = last.then(run, () => opened.then(run)));
  };
  return {
    tellsOfConnections: connection.unref !== undefined,
    isConnected: () => connection.isReady ?? connection.isOpen,
    hasEnded: () => !lifetime.isConnecting && !connection.isOpen,
    begin: () => inTurn(() => connection.subscribe(channel, message)),
    pause: () => inTurn(() => connection.unsubscribe(channel)),
    close: () => lifetime.end(),
  };
}

/** The client's `destroy` overlooks a connection that is just being made: it would stay, and that of a cluster would keep the process alive. */
class Lifetime {
  readonly #connection: Connection;
  #isOver = false;
  isConnecting = true;

  constructor(connection: Connection, isCluster: boolean) {
    this.#connection = connection;
    // It reconnects by itself; without a listener its errors would end the process.
    connection.on("error", isCluster ? () => {} : this.connectionIsMade);
    connection.on("node-error", this.connectionIsMade);
    connection.on("connect", this.connectionIsMade);
    connection.on("reconnecting", () => (this.isConnecting = true));
  }

  /** Or cannot be made now. */
  readonly connectionIsMade = (): void => {
    this.isConnecting = false;
    if (this.#isOver) void this.#destroy();
  };

  /** Work for which a connection is made. */
  async connecting(work: () => Promise<unknown>): Promise<void> {
    if (this.#isOver) return;
    this.isConnecting = true;
    try {
      await work();
    } finally {
      this.connectionIsMade();
    }
  }

  end(): void {
    this.#isOver = true;
    if (!this.isConnecting) void this.#destroy();
  }

  async #destroy(): Promise<void> {
    try {
      await this.#connection.destroy();
    } catch {
      // It has ended already.
    }
  }
}
