import type { TokenStore } from "../store/store.ts";

/** A store that was opened for one scenario. */
export interface OpenedStore {
  /** The first handle. */
  readonly store: TokenStore;
  /**
   * Opens a second handle on the same entries: another connection, another client. Default: `store` itself, for a store that has no
   * other way to its entries.
   */
  another?(): Promise<TokenStore>;
  /** Ends whatever was opened, handles that a scenario has closed included. Called once, after the scenario. */
  close(): Promise<void>;
}

/** A store as the contract sees it. */
export interface StoreUnderTest {
  /** Stands in the titles of the tests. */
  readonly name: string;
  /** Called for each scenario. The entries may be those of earlier scenarios: keys are never used twice. */
  open(): Promise<OpenedStore>;
  /**
   * Scenarios that do not hold for this store, each with its reason: they are reported as skipped. A name is the id of one scenario, or a group of them,
   * such as "ttl". "watch" includes "watch-all", and "close" includes "keep-open" and "dispose".
   */
  readonly differences?: Readonly<Record<string, string>>;
}

/** Methods that a store may lack, and one difference in what it does. */
export type StoreScenarioGroup = "watch" | "watch-all" | "ttl" | "keep-open" | "close" | "dispose" | "holder";

/** What a scenario is played with. */
export interface ScenarioContext {
  /** The first handle. */
  readonly store: TokenStore;
  /** The second handle. */
  readonly other: TokenStore;
  /** A key that no other scenario uses. */
  readonly key: string;
}

/** One sentence that holds for every store. `run` rejects with an error that says what did not hold. */
export interface StoreScenario {
  /** Names it in `differences`. */
  readonly id: string;
  /** What a store must have for it: an optional method, or a difference in what it does. */
  readonly group?: StoreScenarioGroup;
  /** The sentence that holds. */
  readonly title: string;
  /** Plays it. Rejects with an error that says what did not hold. */
  readonly run: (context: ScenarioContext) => Promise<void>;
}
