import { expect, it } from "vitest";
import { configurationOf } from "./configuration.ts";
import { mutants } from "./mutants.ts";
import { simulate } from "./simulate.ts";

/** Seeds within which a mutant has to be found. */
const patience = 300;

it.each(mutants)("%s is found", { timeout: 60_000 }, async (name, mutant, expected) => {
  const found: string[] = [];
  for (let seed = 1; seed <= patience; seed += 1) {
    const { violation } = await simulate(configurationOf(seed), { mutant });
    if (violation === undefined) continue;
    found.push(`seed ${seed}: ${violation}`);
    if (expected.test(violation)) return void process.stdout.write(`${name}: ${found.at(-1)}\n`);
  }
  expect.fail(`${name} was not found in ${patience} seeds, but: ${found.join("; ")}`);
});
