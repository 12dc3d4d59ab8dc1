import { parseArgs } from "node:util";

export interface AgentsOptions {
  readonly seconds: number;
  readonly processes: number;
  /** Lifetime of the access tokens, in seconds. */
  readonly ttl: number;
  readonly json: boolean;
}

export const help = `Usage: pnpm agents -- [options]

Runs agent sessions, each a process, that share one login at an MCP server with short-lived access tokens:
first with the usual provider over a file, then with Tokenflight, and draws who refreshed and who waited.

  --processes <n> agent sessions (2 to 16, default 4)
  --seconds <n>   how long they work, each time (1 to 600, default 12)
  --ttl <n>       lifetime of an access token in seconds (1 to 3600, default 3)
  --json          print the results as JSON
  --help          print this

Exit status: 0 when with Tokenflight no call failed, one browser window was opened, and no refresh token was
sent twice; 1 otherwise; 2 for bad arguments.
`;

/** What is wrong with the arguments, as a sentence for the person who typed them. */
export class BadArguments extends Error {}

/** Undefined: help is wanted. Throws BadArguments. */
export function readArguments(given: readonly string[]): AgentsOptions | undefined {
  // A script runner hands its own separator through.
  const values = parse(given[0] === "--" ? given.slice(1) : [...given]);
  if (values.help === true) return undefined;
  return {
    processes: wholeNumber("--processes", values.processes, 4, 2, 16),
    seconds: wholeNumber("--seconds", values.seconds, 12, 1, 600),
    ttl: wholeNumber("--ttl", values.ttl, 3, 1, 3600),
    json: values.json === true,
  };
}

function parse(args: string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({ args, options: { processes: text, seconds: text, ttl: text, json: flag, help: flag } }).values;
  } catch (error) {
    throw new BadArguments((error as Error).message, { cause: error });
  }
}

function wholeNumber(name: string, value: string | undefined, otherwise: number, least: number, most: number): number {
  if (value === undefined) return otherwise;
  const number = /^\d{1,6}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new BadArguments(`${name} wants a whole number from ${least} to ${most}, not "${value}".`);
}
