import type { Outcome } from "./simulate.ts";

/** What a failing seed says of itself, and how to see it again. */
export function describeFailure({ configuration, violation }: Outcome, isLarge = false): string {
  const command = `node --conditions=source test/simulation/main.ts --from ${configuration.seed} --seeds 1${isLarge ? " --large" : ""} --trace`;
  return `Seed ${configuration.seed}: ${violation}\n  ${JSON.stringify(configuration)}\n  Again, step by step: ${command}`;
}
