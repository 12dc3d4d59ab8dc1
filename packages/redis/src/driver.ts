import type { Script } from "./scripts.ts";

/** The few things in which the clients differ. */
export interface Driver {
  /** Runs a script that the server knows already; rejects with NOSCRIPT when it does not. */
  runKnown(script: Script, key: string, given: readonly string[]): Promise<unknown>;
  /** Runs a script and teaches it to the server. */
  run(script: Script, key: string, given: readonly string[]): Promise<unknown>;
  /** Whether a command would wait in the client's queue now, because the connection is lost and the client tries to get it back. */
  isDisconnected(): boolean;
  /** The server's own words about itself. */
  info(): Promise<string>;
  /** Opens another connection, which tells `hint` of each channel with a message, or of none when there may have been some on any. */
  subscribe(hint: (channel?: string) => void): Subscriber;
  on(event: "ready" | "end", listener: () => void): void;
  off(event: "ready" | "end", listener: () => void): void;
}

export interface Subscriber {
  /** Resolves when messages come from now on. */
  add(channel: string): Promise<unknown>;
  remove(channel: string): Promise<unknown>;
  close(): void;
}
