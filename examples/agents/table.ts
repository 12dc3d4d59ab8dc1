import type { AgentResult, AgentsResult } from "./run-agents.ts";

const columns = ["agent", "calls", "failed", "refreshes", "refused", "taken over", "windows"];

/** What each agent has done so far. */
export function renderAgents(agents: readonly AgentResult[]): string {
  const rows = agents.map(({ calls, failed, refreshes, refused, taken, windows }, index) =>
    [index + 1, calls, failed, refreshes, refused, taken, windows].map(String),
  );
  return render(columns, rows);
}

/** The ways to keep a login, beside each other. */
export function renderResults(results: readonly AgentsResult[]): string {
  const facts: [string, (result: AgentsResult) => number][] = [
    ["tool calls", ({ calls }) => calls],
    ["  of them failed", ({ failed }) => failed],
    ["refresh requests", ({ refreshes }) => refreshes],
    ["refresh tokens", ({ refreshTokens }) => refreshTokens],
    ["  of them sent more than once", ({ sentAgain }) => sentAgain],
    ["browser windows", ({ windows }) => windows],
    ["registrations", ({ registrations }) => registrations],
  ];
  const rows = facts.map(([name, value]) => [name, ...results.map((result) => String(value(result)))]);
  return render(["", ...results.map(({ provider }) => names[provider])], rows);
}

export const names = { file: "a file, as usual", tokenflight: "Tokenflight" } as const;

function render(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, index) => Math.max(name.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, index) => (index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0))).join("   ");
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
