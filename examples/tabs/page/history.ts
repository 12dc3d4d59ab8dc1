import type { Report } from "./reports.ts";

/** One access token in the life of a login, and what became of it. */
export interface Generation {
  readonly number: number;
  readonly token: string;
  readonly at: number;
  /** Who asked the authorization server for it, and why; undefined when this tab was opened later. */
  readonly by: string | undefined;
  readonly why: string | undefined;
  /** Milliseconds that the token request took. */
  readonly took: number | undefined;
  /** Token requests that have brought this generation: one, or something is wrong. */
  requests: number;
  /** Who else has it now. */
  readonly takenBy: Set<string>;
  /** Calls that were answered when sent with it, by status. */
  readonly calls: Map<string, number>;
  /** Calls that were refused with the token before, and were sent again with it. */
  replays: number;
}

/** Milliseconds for which reports are kept: longer than the widest picture shows. */
const kept = 60_000;
/** Milliseconds that a report waits for the one that says what its token is. */
const patience = 1000;

/** What all tabs have reported, in an order that makes sense: first where a token came from, then what it was used for. */
export class History {
  readonly generations: Generation[] = [];
  /** Calls by what became of them: a status, or the code of an error. */
  readonly totals = new Map<string, number>();
  replays = 0;
  reports: Report[] = [];
  readonly #heard: (report: Report) => void;
  #waiting: Report[] = [];

  /** `heard` is called with each report, in order. */
  constructor(heard: (report: Report) => void) {
    this.#heard = heard;
  }

  add(report: Report): void {
    if (tokenOf(report) !== undefined && this.#find(report) === undefined && !begins(report)) this.#waiting.push(report);
    else this.#take(report);
    this.#release();
  }

  of(token: string | undefined): Generation | undefined {
    return this.generations.findLast((generation) => generation.token === token);
  }

  #take(report: Report): void {
    this.reports.push(report);
    if (begins(report)) this.#begin(report);
    const generation = this.#find(report);
    if (report.type === "took-over") generation?.takenBy.add(report.by);
    if (report.type === "called") {
      const outcome = report.error ?? String(report.status);
      const isReplay = report.attempts.length > 1;
      count(this.totals, outcome);
      this.replays += Number(isReplay);
      if (generation !== undefined) {
        count(generation.calls, outcome);
        generation.replays += Number(isReplay);
      }
    }
    const since = Date.now() - kept;
    if ((this.reports[0]?.at ?? since) < since) this.reports = this.reports.filter(({ at }) => at >= since);
    this.#heard(report);
  }

  #begin(report: Report & { readonly token: string; readonly generation?: number }): void {
    const found = this.of(report.token);
    const isRefresh = report.type === "refreshed";
    if (found !== undefined) return void (found.requests += Number(isRefresh));
    const { token, generation: number = 0, at } = report;
    const isLogin = report.type === "logged-in";
    this.generations.push({
      number,
      token,
      at,
      by: isRefresh || isLogin ? report.by : undefined,
      why: isRefresh ? report.why : isLogin ? "login" : undefined,
      took: isRefresh ? at - report.from : undefined,
      requests: Number(isRefresh),
      takenBy: new Set(),
      calls: new Map(),
      replays: 0,
    });
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const report of waiting) {
      if (this.#find(report) !== undefined || Date.now() - report.at > patience) this.#take(report);
      else this.#waiting.push(report);
    }
  }

  #find(report: Report): Generation | undefined {
    return this.of(tokenOf(report));
  }
}

/** Whether the report says itself which generation its token is. */
function begins(report: Report): report is Report & { readonly token: string } {
  return report.type === "refreshed" || report.type === "logged-in" || (report.type === "took-over" && report.generation !== undefined);
}

function tokenOf(report: Report): string | undefined {
  if (report.type === "called") return report.attempts.at(-1)?.token;
  return "token" in report ? report.token : undefined;
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
