import { BadArguments, readValues, wholeNumber } from "../command-line.ts";
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

/** Undefined: help is wanted. Throws BadArguments. */
export function readArguments(given: readonly string[]): StormOptions | undefined {
  const names = { callers: "string", seconds: "string", ttl: "string", processes: "string", store: "string", json: "boolean" } as const;
  const values = readValues(given, names);
  if (values === undefined) return undefined;
  const processes = wholeNumber("--processes", values.processes, { otherwise: 1, least: 1, most: 16 });
  return {
    processes,
    store: storeName(values.store, processes),
    callers: wholeNumber("--callers", values.callers, { otherwise: 300, least: 3, most: 3000 }),
    seconds: wholeNumber("--seconds", values.seconds, { otherwise: 10, least: 1, most: 600 }),
    ttl: wholeNumber("--ttl", values.ttl, { otherwise: 2, least: 1, most: 3600 }),
    json: values.json === true,
  };
}

function storeName(value: string | undefined, processes: number): StoreName {
  const name = storeNames.find((one) => one === (value ?? (processes === 1 ? "memory" : "sqlite")));
  if (name === undefined) throw new BadArguments(`--store wants one of ${storeNames.join(", ")}, not ${JSON.stringify(value)}.`);
  if (name === "memory" && processes > 1)
    throw new BadArguments("--store memory belongs to one process; several can share sqlite or redis.");
  return name;
}
