import { closingScenarios } from "./closing-scenarios.ts";
import { holderScenarios } from "./holder-scenarios.ts";
import { racingScenarios } from "./racing-scenarios.ts";
import type { StoreScenario, StoreScenarioGroup, StoreUnderTest } from "./store-under-test.ts";
import { textScenarios } from "./text-scenarios.ts";
import { ttlScenarios } from "./ttl-scenarios.ts";
import { watchAllScenarios } from "./watch-all-scenarios.ts";
import { watchingScenarios } from "./watching-scenarios.ts";
import { writingScenarios } from "./writing-scenarios.ts";

/** Defines a test of a test runner. */
type DefineTest = (name: string, run: () => Promise<void>) => unknown;

/** What the contract needs of a test runner: those of vitest, jest, mocha and node:test will do. */
export interface TestFunctions {
  /** Defines a group of tests. */
  readonly describe: (name: string, define: () => void) => unknown;
  /** Defines a test. */
  readonly it: DefineTest & {
    /** Reports a test as skipped. */
    readonly skip: DefineTest;
  };
}

/** Everything that a store must keep, for who runs it without a test runner: open a store, run a scenario, close the store. */
export const storeScenarios: readonly StoreScenario[] = [
  ...writingScenarios,
  ...racingScenarios,
  ...textScenarios,
  ...ttlScenarios,
  ...watchingScenarios,
  ...watchAllScenarios,
  ...closingScenarios,
  ...holderScenarios,
];

/** Groups that a difference in another one includes: who tells of no entry does not tell of all of them, and what does not end waits for nothing. */
const including: Partial<Record<StoreScenarioGroup, StoreScenarioGroup>> = { "watch-all": "watch", "keep-open": "close", dispose: "close" };

/**
 * Defines one test per scenario. A store that passes them all may be used with a token cache; what no test of one process can show is that an acknowledged
 * write survives a crash of the store.
 *
 * @throws Error when a declared difference names no scenario and no group of them.
 * @example
 * ```ts
 * import { storeContract } from "@tokenflight/core/testing";
 * import { describe, it } from "node:test";
 *
 * storeContract({ name: "my store", open: async () => ({ store: myStore(), close: async () => {} }) }, { describe, it });
 * ```
 */
export function storeContract(subject: StoreUnderTest, { describe, it }: TestFunctions): void {
  const { name, differences = {} } = subject;
  const unknown = Object.keys(differences).filter((said) => !storeScenarios.some(({ id, group }) => id === said || group === said));
  if (unknown.length > 0)
    throw new Error(`${name} declares a difference in ${unknown.join(", ")}, which the store contract does not have.`);
  describe(name, () => {
    for (const scenario of storeScenarios) {
      const reason = reasonIn(differences, scenario);
      const title = `${scenario.id}: ${scenario.title}`;
      if (reason === undefined) it(title, () => play(scenario, subject));
      else it.skip(`${title} (not run: ${reason})`, () => play(scenario, subject));
    }
  });
}

function reasonIn(differences: Readonly<Record<string, string>>, { id, group }: StoreScenario): string | undefined {
  const names = [id, group, group === undefined ? undefined : including[group]];
  const name = names.find((one) => one !== undefined && Object.hasOwn(differences, one));
  return name === undefined ? undefined : differences[name];
}

async function play({ run }: StoreScenario, subject: StoreUnderTest): Promise<void> {
  const opened = await subject.open();
  try {
    const { store } = opened;
    await run({ store, other: (await opened.another?.()) ?? store, key: crypto.randomUUID() });
  } finally {
    await opened.close();
  }
}
