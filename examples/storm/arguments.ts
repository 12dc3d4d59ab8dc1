import { parseArgs } from "node:util";
import { storeNames, type StoreName } from "./store-names.ts";

export interface StormOptions {
  readonly seconds: number;
  readonly callers: number;
  /** Lifetime of the access tokens, in seconds. */
  readonly ttl: number;
  /** Processes that the callers are shared out among. */
  readonly processes: number;
  /** Where the token set lies that all of them share. */
  readonly store: StoreName;
  readonly json: boolean;
}

export const help = `Usage: pnpm start -- [options]

Runs axios, got and ky side by side over one token cache, against an authorization server with short-lived
access tokens, and counts what it costs.

  --callers <n>   concurrent callers, shared out among the three clients (3 to 3000, default 300)
  --seconds <n>   how long they call (1 to 600, default 10)
  --ttl <n>       lifetime of an access token in seconds (1 to 3600, default 2)
  --processes <n> processes that share the token (1 to 16, default 1); more than one needs a store
  --store <name>  memory, sqlite or redis (default memory, or sqlite with several processes)
  --json          print the result as JSON
  --help          print this

Exit status: 0 when no caller saw a 401, none failed, and each token cost one refresh; 1 otherwise; 2 for bad arguments.
`;

/** What is wrong with the arguments, as a sentence for the person who typed them. */
export class BadArguments extends Error {}

/** Undefined: help is wanted. Throws BadArguments. */
export function readArguments(given: readonly string[]): StormOptions | undefined {
  // A script runner hands its own separator through.
  const list = given[0] === "--" ? given.slice(1) : [...given];
  const { values } = parse(list);
  if (values.help === true) return undefined;
  const processes = wholeNumber("--processes", values.processes, 1, 1, 16);
  return {
    processes,
    store: storeName(values.store, processes),
    callers: wholeNumber("--callers", values.callers, 300, 3, 3000),
    seconds: wholeNumber("--seconds", values.seconds, 10, 1, 600),
    ttl: wholeNumber("--ttl", values.ttl, 2, 1, 3600),
    json: values.json === true,
  };
}

function parse(list: string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      args: list,
      options: { callers: text, seconds: text, ttl: text, processes: text, store: text, json: flag, help: flag },
    });
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

function storeName(value: string | undefined, processes: number): StoreName {
  const name = storeNames.find((one) => one === (value ?? (processes === 1 ? "memory" : "sqlite")));
  if (name === undefined) throw new BadArguments(`--store wants one of ${storeNames.join(", ")}, not "${value}".`);
  if (name === "memory" && processes > 1)
    throw new BadArguments("--store memory belongs to one process; several can share sqlite or redis.");
  return name;
}
