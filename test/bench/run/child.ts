/** A fresh process: runs one part of one scenario, hands its samples to the parent and ends. */
import { scenarioNamed } from "../scenarios/scenarios.ts";
import type { PartOrder } from "./run-part.ts";

try {
  const { scenario, table, group, effort } = JSON.parse(process.argv[2] ?? "") as PartOrder;
  const parts = scenarioNamed(scenario)?.parts(effort);
  const part = parts?.find((one) => one.table === table && one.group === group);
  if (part === undefined) throw new Error(`There is no part "${group}" of "${table}" in the scenario ${scenario}.`);
  const samples = await part.run(effort);
  process.send?.(samples, () => process.exit(0));
} catch (error) {
  // Node would print whatever the error holds, which is a client's whole request.
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
}
