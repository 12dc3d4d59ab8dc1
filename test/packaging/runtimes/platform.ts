export interface Origins {
  readonly origin: string;
  readonly foreign: string;
}

/** What went wrong with each client. */
export type Results = Readonly<Record<string, readonly string[]>>;

/** What runs the contract. */
export interface Platform {
  readonly name: string;
  readonly version: string;
  /** Why it cannot be started on this machine. */
  readonly absent?: string | undefined;
  /** The clients that can be tried. */
  readonly ways: readonly string[];
  /** Why one of them does not work all the same. */
  readonly fails?: Readonly<Record<string, string>>;
  /** Runs the contract with the packages that are installed in this folder. */
  run(folder: string, origins: Origins): Promise<Results>;
}
