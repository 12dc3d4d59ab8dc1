import type { Outcome } from "../processes/outcome.ts";
import type { CrashRow } from "./crash-rows.ts";
import type { CrashSetting, Member } from "./crash-setting.ts";

/** What was seen in one run, or in all runs of a row together. */
export type CrashCounts = Record<"runs" | "token requests" | "old token served" | "went on without a login" | "login required", number>;

/** A subject whose refresh is going to crash, and the process that will be left. */
export interface CrashRun {
  readonly setting: CrashSetting;
  readonly survivor: Member;
  readonly row: CrashRow;
  readonly key: string;
  /** The access token of before the crash. */
  readonly old: string;
}

export function addUp(all: readonly CrashCounts[]): CrashCounts {
  const sum: CrashCounts = { runs: 0, "token requests": 0, "old token served": 0, "went on without a login": 0, "login required": 0 };
  for (const counts of all) for (const name of Object.keys(sum) as (keyof CrashCounts)[]) sum[name] += counts[name];
  return sum;
}

/** What a row has to come to after so many runs. */
export function expectedCounts(row: CrashRow, runs: number): CrashCounts {
  return {
    runs,
    "token requests": runs * row.requests,
    "old token served": row.oldTokenServed ? runs : 0,
    "went on without a login": row.lost ? 0 : runs,
    "login required": row.lost ? runs : 0,
  };
}

/** What another process sees of a subject whose refresh has crashed: what it is given meanwhile, and when it asks for a new token. */
export async function lookAround({ setting, survivor, row, key, old }: CrashRun): Promise<CrashCounts> {
  const meanwhile = await survivor.ask("get", key);
  // When the result was written, nobody has a reason to ask for another token.
  const after = row.point === "result-written" ? meanwhile : await survivor.ask("renew", key);
  return {
    runs: 1,
    "token requests": setting.requestsOf(key),
    "old token served": Number(meanwhile.ok && meanwhile.accessToken === old),
    "went on without a login": Number(isGood(setting, after) && after.accessToken !== old),
    "login required": Number(isOver(after)),
  };
}

/** Whether this is a token that a resource server takes. */
export function isGood({ server }: CrashSetting, outcome: Outcome): outcome is Extract<Outcome, { ok: true }> {
  return outcome.ok && server.isActive(outcome.accessToken);
}

export function isOver(outcome: Outcome): boolean {
  return !outcome.ok && outcome.code === "ERR_LOGIN_REQUIRED";
}
