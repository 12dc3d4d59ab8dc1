/** Prints, as JSON, what each call does differently, and what it reads, while `Object.prototype` has a property with the name of an option. */
import { optionNames } from "./option-names.ts";
import { withPolluted, type Reads } from "./polluted.ts";
import type { Call } from "./call-parts.ts";
import { calls } from "./public-functions.ts";

export interface Finding {
  readonly call: string;
  /** The names that were read from the prototype, and where. */
  readonly reads: readonly string[];
  /** What came of the call without and with the properties, where that differs. */
  readonly differs: readonly [string, string] | undefined;
}

/** Milliseconds after which a call counts as one that never ends. */
const longest = 5000;

async function outcomeOf(call: Call): Promise<string> {
  const end = Promise.withResolvers<string>();
  const timer = setTimeout(() => end.resolve("It never ended."), longest);
  const outcome = (async () => call())().then((result) => JSON.stringify(result) ?? "undefined", String);
  return Promise.race([outcome, end.promise]).finally(() => clearTimeout(timer));
}

/** Errors that nobody caught. */
let uncaught: string[] = [];
for (const event of ["uncaughtException", "unhandledRejection"]) process.on(event, (error) => void uncaught.push(String(error)));

const names = optionNames();
const findings: Finding[] = [];
for (const [name, call] of Object.entries(calls)) {
  const clean = await outcomeOf(call);
  const reads: Reads = new Set();
  uncaught = [];
  const polluted = await withPolluted(
    names,
    () => undefined,
    reads,
    () => outcomeOf(call),
  );
  const outcome = [polluted, ...uncaught].join(" ");
  findings.push({ call: name, reads: [...reads], differs: outcome === clean ? undefined : [clean, outcome] });
}
process.stdout.write(JSON.stringify(findings));
process.exit();
