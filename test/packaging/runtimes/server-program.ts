/** The contract as a program of Node, Bun or Deno: takes its setting as its argument, and prints the results. */
import { runAll } from "./contract.ts";
import { serverWays } from "./server-ways.ts";

const { file, ...setting } = JSON.parse(process.argv[2] ?? "") as { origin: string; foreign: string; file: string };
const results = await runAll(serverWays(file), setting);
console.log(JSON.stringify(results));
// Some clients keep connections for a while. What is looked at is over.
process.exit(0);
