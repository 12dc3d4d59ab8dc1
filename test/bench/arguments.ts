import { parseArgs } from "node:util";
import { clientNames } from "./contenders/clients/clients.ts";
import { scenarios } from "./scenarios/scenarios.ts";

export interface BenchOptions {
  /** Names; all of them without. */
  readonly scenarios: readonly string[];
  /** Only the parts of this client; all of them without. */
  readonly client: string | undefined;
  /** Undefined: as the scenario says. */
  readonly rounds: number | undefined;
  readonly processes: number | undefined;
  readonly quick: boolean;
  readonly json: boolean;
}

export const help = `Usage: pnpm bench -- [options]

Measures Tokenflight beside what its users would pick instead, in interleaved rounds and fresh processes. Writes reports/bench/*.json and
the sections of docs/benchmarks.md that were measured whole.

  --scenario <name>   one of ${scenarios.map(({ name }) => name).join(", ")};
                      may be given several times (default: all)
  --client <name>     only the parts of one of ${clientNames.join(", ")}; leaves the page as it is
  --rounds <n>        interleaved rounds in each process (1 to 1000)
  --processes <n>     how often everything is repeated in fresh processes (1 to 100)
  --quick             a short run that shows that everything works; leaves the page as it is
  --json              print the results as JSON; leaves the page as it is
  --help              print this
`;

/** What is wrong with the arguments, as a sentence for the person who typed them. */
export class BadArguments extends Error {}

/** Undefined: help is wanted. Throws BadArguments. */
export function readArguments(given: readonly string[]): BenchOptions | undefined {
  // A script runner hands its own separator through.
  const { values } = parse(given[0] === "--" ? given.slice(1) : [...given]);
  if (values.help === true) return undefined;
  for (const name of values.scenario ?? []) {
    if (!scenarios.some((scenario) => scenario.name === name)) throw new BadArguments(`There is no scenario named "${name}".`);
  }
  return {
    scenarios: values.scenario ?? scenarios.map(({ name }) => name),
    client: clientNamed(values.client),
    rounds: wholeNumber("--rounds", values.rounds, 1000),
    processes: wholeNumber("--processes", values.processes, 100),
    quick: values.quick === true,
    json: values.json === true,
  };
}

function parse(list: string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const scenario = { type: "string", multiple: true } as const;
  try {
    return parseArgs({
      args: list,
      options: { scenario, client: text, rounds: text, processes: text, quick: flag, json: flag, help: flag },
    });
  } catch (error) {
    throw new BadArguments((error as Error).message, { cause: error });
  }
}

function clientNamed(name: string | undefined): string | undefined {
  if (name === undefined || clientNames.some((client) => client === name)) return name;
  throw new BadArguments(`There is no client named "${name}".`);
}

function wholeNumber(name: string, value: string | undefined, most: number): number | undefined {
  if (value === undefined) return undefined;
  const number = /^\d{1,6}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= 1 && number <= most) return number;
  throw new BadArguments(`${name} wants a whole number from 1 to ${most}, not "${value}".`);
}
