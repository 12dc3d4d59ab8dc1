import type { ClientUnderTest } from "../../clients/client-under-test.ts";

/** One given/when/then that every adapter keeps. The id is its section and its place in it. */
export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly run: (client: ClientUnderTest) => Promise<void>;
  /** What holds for a client that declares a difference here. Without it none may. */
  readonly otherwise?: (client: ClientUnderTest) => Promise<void>;
}
