/** One row of docs/reliability.md: a fault, what has to come of it, and what was counted when it was tested. */
export interface FaultRow {
  /** The part of the page, such as "Crashes" or "Redis". */
  readonly group: string;
  /** What was done, such as "SIGKILL after the intent was written". */
  readonly fault: string;
  /** What the test holds, as a sentence without its full stop. */
  readonly expected: string;
  /** What was counted, in the order in which it is shown, such as `{ runs: 50, "token requests": 50, "sessions lost": 0 }`. */
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * Hands a row to the page that the run writes. `task` is that of the test's context: vitest's JSON reporter puts its `meta` into
 * reports/tests.json. A test notes one row, before its last expectations.
 */
export function noteRow(task: { readonly meta: object }, row: FaultRow): void {
  Object.assign(task.meta, { faultRow: row });
}
