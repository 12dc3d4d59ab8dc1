import { readValues, wholeNumber } from "../command-line.ts";

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

/** Undefined: help is wanted. Throws BadArguments. */
export function readArguments(given: readonly string[]): AgentsOptions | undefined {
  const values = readValues(given, { processes: "string", seconds: "string", ttl: "string", json: "boolean" });
  return (
    values && {
      processes: wholeNumber("--processes", values.processes, { otherwise: 4, least: 2, most: 16 }),
      seconds: wholeNumber("--seconds", values.seconds, { otherwise: 12, least: 1, most: 600 }),
      ttl: wholeNumber("--ttl", values.ttl, { otherwise: 3, least: 1, most: 3600 }),
      json: values.json === true,
    }
  );
}
