import { runProgram } from "../command-line.ts";
import { help, readArguments, type AgentsOptions } from "./arguments.ts";
import { draw, legend } from "./drawing.ts";
import { providers } from "./messages.ts";
import { isCalm, runAgents, type AgentResult, type AgentsResult } from "./run-agents.ts";
import { names, renderAgents, renderResults } from "./table.ts";

await runProgram({ help, read: readArguments, run });

async function run(options: AgentsOptions): Promise<number> {
  const { processes, seconds, ttl, json } = options;
  const print = (text: string): void => void (json || process.stdout.write(`${text}\n`));
  print(`${processes} agent sessions with one login at an MCP server, for ${seconds} s each time, access tokens of ${ttl} s\n`);
  const results: AgentsResult[] = [];
  for (const provider of providers) {
    print(`The login in ${provider === "file" ? names.file : names.tokenflight}:\n`);
    const result = await runAgents(provider, options, json ? () => {} : liveTable());
    results.push(result);
    print(`\n${draw(result.agents, seconds)}\n`);
  }
  print(`${legend}\n\n${renderResults(results)}\n`);
  if (json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
  const isGood = results.every((result) => result.provider === "file" || isCalm(result));
  print(
    isGood
      ? "With Tokenflight no call failed, and one window was opened."
      : "FAILED: with Tokenflight a call failed, or more was sent than needed.",
  );
  return isGood ? 0 : 1;
}

/** A table that is written over on a terminal, and one line a second elsewhere. */
function liveTable(): (elapsed: number, agents: readonly AgentResult[]) => void {
  let second = -1;
  let height = 0;
  return (elapsed, agents) => {
    if (process.stdout.isTTY) {
      const lines = renderAgents(agents).split("\n");
      process.stdout.write(`${height === 0 ? "" : `\u001B[${height}A`}${lines.map((line) => `${line}\u001B[K\n`).join("")}`);
      height = lines.length;
    } else if (Math.floor(elapsed) > second) {
      const sum = (name: "calls" | "failed" | "refreshes" | "windows"): number => agents.reduce((all, one) => all + one[name], 0);
      const counts = `${sum("calls")} calls   ${sum("failed")} failed   ${sum("refreshes")} refreshes   ${sum("windows")} windows`;
      process.stdout.write(`${elapsed.toFixed(1).padStart(5)} s   ${counts}\n`);
    }
    second = Math.max(second, Math.floor(elapsed));
  };
}
