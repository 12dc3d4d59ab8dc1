import { parseArgs } from "node:util";
import { startScene } from "./scene.ts";

const help = `Usage: pnpm tabs -- [options]

Starts an authorization server, an API and a page, and prints the page's address: open it in several tabs.

  --ttl <n>   lifetime of an access token in seconds (2 to 3600, default 4)
  --help      print this
`;

process.exitCode = await main(process.argv.slice(2));

async function main(given: readonly string[]): Promise<number> {
  try {
    // A script runner hands its own separator through.
    const args = given[0] === "--" ? given.slice(1) : [...given];
    const { values } = parseArgs({ args, options: { ttl: { type: "string" }, help: { type: "boolean" } } });
    if (values.help === true) return print(process.stdout, help, 0);
    const ttl = Number(/^\d{1,4}$/.exec(values.ttl ?? "4")?.[0]);
    if (!(ttl >= 2 && ttl <= 3600)) return print(process.stderr, `--ttl wants a whole number from 2 to 3600, not "${values.ttl}".\n`, 2);
    await run(ttl);
    return 0;
  } catch (error) {
    if (!String((error as { code?: string }).code).startsWith("ERR_PARSE_ARGS")) throw error;
    return print(process.stderr, `${(error as Error).message}\n`, 2);
  }
}

async function run(ttl: number): Promise<void> {
  await using scene = await startScene({ ttl });
  process.stdout.write(`Open ${scene.origin}/ in several tabs, and end with Ctrl-C.\n`);
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => resolve());
  });
}

function print(where: NodeJS.WriteStream, text: string, status: number): number {
  where.write(text);
  return status;
}
