import { runProgram } from "../command-line.ts";
import { help, readArguments, type StormOptions } from "./arguments.ts";
import { runStorm, type Progress } from "./storm.ts";
import { renderTable } from "./table.ts";

await runProgram({ help, read: readArguments, run });

async function run(options: StormOptions): Promise<number> {
  const { callers, seconds, ttl, processes, store } = options;
  const where = processes === 1 ? "in one process" : `in ${processes} processes that share a ${store} store`;
  const what = `${callers} callers through axios, got and ky ${where}, for ${seconds} s, access tokens of ${ttl} s`;
  if (!options.json) process.stdout.write(`${what}\n\n`);
  const result = await runStorm(options, options.json ? () => {} : progressLine());
  process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : `\n${renderTable(result)}\n`);
  return result.calm ? 0 : 1;
}

/** One line that is written over on a terminal, one line a second elsewhere. */
function progressLine(): (progress: Progress) => void {
  let second = -1;
  return ({ elapsed, requests, failures, refreshes }) => {
    const text = `${elapsed.toFixed(1).padStart(5)} s   ${requests} requests   ${failures} failures   ${refreshes} refreshes`;
    if (process.stdout.isTTY) process.stdout.write(`\r${text}\u001B[K`);
    else if (Math.floor(elapsed) > second) process.stdout.write(`${text}\n`);
    second = Math.max(second, Math.floor(elapsed));
  };
}
