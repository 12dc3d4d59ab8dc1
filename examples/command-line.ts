import { parseArgs, type ParseArgsConfig } from "node:util";

/** What is wrong with the arguments, as a sentence for the person who typed them. */
export class BadArguments extends Error {}

type Kinds = Readonly<Record<string, "string" | "boolean">>;
type Values<Names extends Kinds> = { readonly [Name in keyof Names]?: Names[Name] extends "string" ? string : boolean };

/** The values of options with two dashes, by their names. Undefined where help is wanted. Throws BadArguments. */
export function readValues<const Names extends Kinds>(given: readonly string[], names: Names): Values<Names> | undefined {
  // A script runner hands its own separator through.
  const args = given[0] === "--" ? given.slice(1) : [...given];
  const options: NonNullable<ParseArgsConfig["options"]> = { help: { type: "boolean" } };
  for (const [name, type] of Object.entries(names)) options[name] = { type };
  try {
    const { values } = parseArgs({ args, options });
    return values["help"] === true ? undefined : (values as Values<Names>);
  } catch (error) {
    throw new BadArguments((error as Error).message.replaceAll(/\s*\n\s*/g, " "), { cause: error });
  }
}

interface Bounds {
  readonly otherwise: number;
  readonly least: number;
  readonly most: number;
}

/** Throws BadArguments. */
export function wholeNumber(name: string, value: string | undefined, { otherwise, least, most }: Bounds): number {
  if (value === undefined) return otherwise;
  const number = /^\d{1,6}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new BadArguments(`${name} wants a whole number from ${least} to ${most}, not ${JSON.stringify(value)}.`);
}

export interface Program<Options> {
  readonly help: string;
  /** Undefined: help is wanted. Throws BadArguments. */
  read(given: readonly string[]): Options | undefined;
  /** Resolves to the exit status. Rejects with BadArguments for what turns out later, as a store that is not there. */
  run(options: Options): Promise<number>;
}

/** Runs a program with the arguments that were typed. Bad ones are a sentence on standard error and exit status 2. */
export async function runProgram<Options>({ help, read, run }: Program<Options>): Promise<void> {
  try {
    const options = read(process.argv.slice(2));
    if (options === undefined) process.stdout.write(help);
    else process.exitCode = await run(options);
  } catch (error) {
    if (!(error instanceof BadArguments)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}
