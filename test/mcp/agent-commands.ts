/** How an agent uses the login: with which SDK, and what that is given. */
export type Seam = "fetch" | "provider" | "auth-provider";

export interface AgentSetting {
  readonly sdk: 1 | 2;
  readonly seam: Seam;
  /** The file of the store. */
  readonly store: string;
  readonly url: string;
  /** Milliseconds that its user needs at a login page; undefined for one who never comes back. */
  readonly person: number | undefined;
}

/** What became of an agent's calls. */
export interface Calls {
  readonly calls: number;
  readonly failed: number;
  /** How often each error came. */
  readonly errors: Readonly<Record<string, number>>;
}

export type AgentCommands = {
  /** Begins a session, in place of the one before. */
  open(setting: AgentSetting): void;
  connect(): Promise<void>;
  /** Calls tools for so many milliseconds: so many at once, with a pause of so many milliseconds in between. */
  work(duration: number, atOnce: number, pause: number): Promise<Calls>;
  /** Calls these tools at once. */
  callAll(names: readonly string[]): Promise<Calls>;
  /** How many login pages it has shown so far. */
  windows(): number;
  /** Resolves when it has shown a login page. */
  shown(): Promise<void>;
  /** Ends the session, and closes the login and its store. */
  close(): Promise<void>;
};
