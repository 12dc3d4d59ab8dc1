/** The contract as a program of Node, Bun or Deno: takes its setting as its argument, and prints the results. */
import { runAll, type ContractSetting } from "./contract.ts";
import { serverWays, type Stores } from "./server-ways.ts";

const { file, redis, ...setting } = JSON.parse(process.argv[2] ?? "") as ContractSetting & Stores;
const results = await runAll(serverWays({ file, redis }), setting);
console.log(JSON.stringify(results));
// Some clients keep connections for a while. What is looked at is over.
process.exit(0);
