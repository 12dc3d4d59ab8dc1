import type { StormResult } from "./result.ts";

const columns = ["client", "requests", "failures", "401s seen", "replays", "p50 ms", "p99 ms"];

/** The result for people. */
export function renderTable(result: StormResult): string {
  const rows = Object.entries(result.clients).map(([name, { requests, failures, refusalsSeen, replays, p50, p99 }]) =>
    [name, requests, failures, refusalsSeen, replays, p50.toFixed(1), p99.toFixed(1)].map(String),
  );
  const widths = columns.map((column, index) => Math.max(column.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, index) => (index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0))).join("   ");
  const facts: [string, number][] = [
    ["tokens issued", result.tokensIssued],
    ["refreshes", result.refreshes],
    ["  of them ahead", result.refreshesAhead],
    ["expiries", result.expiries],
    ["revocations", result.revocations],
    ["refresh tokens reused", result.refreshTokensReused],
  ];
  return [
    line(columns),
    line(widths.map((width) => "-".repeat(width))),
    ...rows.map(line),
    "",
    ...facts.map(([name, count]) => `${name.padEnd(22)} ${count}`),
    "",
    result.calm
      ? "No caller saw a 401, and each token cost one refresh."
      : "FAILED: a caller saw a failure, or a token cost more than one refresh.",
  ].join("\n");
}
