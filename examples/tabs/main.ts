import { readValues, runProgram, wholeNumber } from "../command-line.ts";
import { startScene } from "./scene.ts";

const help = `Usage: pnpm tabs -- [options]

Starts an authorization server, an API and a page, and prints the page's address: open it in several tabs.

  --ttl <n>   lifetime of an access token in seconds (2 to 3600, default 4)
  --help      print this

Exit status: 0 when it was ended; 2 for bad arguments.
`;

await runProgram({ help, read: readArguments, run });

function readArguments(given: readonly string[]): { readonly ttl: number } | undefined {
  const values = readValues(given, { ttl: "string" });
  return values && { ttl: wholeNumber("--ttl", values.ttl, { otherwise: 4, least: 2, most: 3600 }) };
}

async function run({ ttl }: { readonly ttl: number }): Promise<number> {
  await using scene = await startScene({ ttl });
  process.stdout.write(`Open ${scene.origin}/ in several tabs, and end with Ctrl-C.\n`);
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => resolve());
  });
  return 0;
}
