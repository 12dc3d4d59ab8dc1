import type { Script } from "./scripts.ts";

/** The few things in which the clients differ. */
export interface Driver {
  /** Runs a script that the server knows already; rejects with NOSCRIPT when it does not. */
  runKnown(script: Script, key: string, given: readonly string[]): Promise<unknown>;
  /** Runs a script and teaches it to the server. */
  run(script: Script, key: string, given: readonly string[]): Promise<unknown>;
  /** Whether a command would wait in the client's queue now, because the connection is lost and the client tries to get it back. */
  isDisconnected(): boolean;
  /** Whether the client has a connection or tries to get one: it keeps the process alive by itself then. */
  isOpen(): boolean;
  /** Whether it has ended, or was never begun, and a command would be rejected. */
  isClosed(): boolean;
  /** The server's own words about itself. */
  info(): Promise<string>;
  /** Opens another connection, which keeps no process alive, for the messages of one channel. Undefined when the client cannot have another one. */
  subscribe(channel: string, events: SubscriptionEvents): Subscriber | undefined;
  on(event: "ready" | "end", listener: () => void): void;
  off(event: "ready" | "end", listener: () => void): void;
}

export interface SubscriptionEvents {
  readonly message: (text: string) => void;
  /** There is a connection, perhaps a new one; messages may have been lost. */
  readonly connected: () => void;
}

export interface Subscriber {
  /** Whether `connected` is called for each new connection. Clients of clusters and sentinels replace one without a word. */
  readonly tellsOfConnections: boolean;
  /** Whether messages come, as far as the client knows. */
  isConnected(): boolean;
  /** Whether the client has given up its connection for good. */
  hasEnded(): boolean;
  /** Resolves when messages come from now on; never, perhaps, when the connection is lost meanwhile. Is called while there is one. */
  begin(): Promise<unknown>;
  /** Keeps the connection. */
  pause(): Promise<unknown>;
  /** Ends the connection, also one that is being made. */
  close(): void;
}
