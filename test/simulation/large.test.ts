import { expect, it } from "vitest";
import { repetitions } from "../setup/repetitions.ts";
import { largeConfigurationOf } from "./configuration.ts";
import { describeFailure } from "./describe-failure.ts";
import { simulate } from "./simulate.ts";

it.each([1, 2].slice(0, repetitions({ ordinary: 1, full: 2 })))(
  "1,000 processes share the sessions of 10,000 subjects (seed %i)",
  { timeout: 400_000 },
  async (seed) => {
    const outcome = await simulate(largeConfigurationOf(seed));
    process.stdout.write(`large simulation, seed ${seed}: ${outcome.steps} steps, ${JSON.stringify(outcome.counts)}\n`);
    expect(outcome.violation, describeFailure(outcome, true)).toBeUndefined();
    expect(outcome.counts.requests).toBeGreaterThan(1000);
  },
);
