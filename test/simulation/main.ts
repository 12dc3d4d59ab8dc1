/** Simulates as many worlds as one likes, or one of them step by step. Ends with 1 when an invariant was violated. */
import { parseArgs } from "node:util";
import { configurationOf, largeConfigurationOf } from "./configuration.ts";
import { describeFailure } from "./describe-failure.ts";
import { simulate } from "./simulate.ts";

const help = `Usage: node --conditions=source test/simulation/main.ts [options]

  --seeds <n>   how many worlds (default: 2000)
  --from <n>    the first seed (default: 1)
  --large       worlds of 1,000 processes and 10,000 subjects
  --trace       print everything that happens
  --help        print this
`;

process.exitCode = await main(process.argv.slice(2));

async function main(given: string[]): Promise<number> {
  const { values } = parseArgs({
    args: given[0] === "--" ? given.slice(1) : given,
    options: {
      seeds: { type: "string", default: "2000" },
      from: { type: "string", default: "1" },
      large: { type: "boolean", default: false },
      trace: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const [seeds, from] = [Number(values.seeds), Number(values.from)];
  if (values.help || !Number.isSafeInteger(seeds) || !Number.isSafeInteger(from)) {
    process.stdout.write(help);
    return values.help ? 0 : 2;
  }
  const counts: Record<string, number> = { steps: 0 };
  let failures = 0;
  for (let seed = from; seed < from + seeds; seed += 1) {
    const configuration = values.large ? largeConfigurationOf(seed) : configurationOf(seed);
    const outcome = await simulate(configuration, values.trace ? { trace: (line) => process.stdout.write(`${line}\n`) } : {});
    for (const [name, count] of Object.entries({ steps: outcome.steps, ...outcome.counts })) counts[name] = (counts[name] ?? 0) + count;
    if (outcome.violation === undefined) continue;
    failures += 1;
    process.stdout.write(`${describeFailure(outcome, values.large)}\n`);
  }
  process.stdout.write(`${seeds} seeds, ${failures} failed: ${JSON.stringify(counts)}\n`);
  return failures === 0 ? 0 : 1;
}
