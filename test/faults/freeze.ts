import { setTimeout as sleep } from "node:timers/promises";
import PQueue from "p-queue";
import { crashHeader } from "../processes/crash-points.ts";
import type { CrashPoint, MemberCommands } from "../processes/member-commands.ts";
import type { StoreSetting } from "../processes/member-setting.ts";
import type { Outcome } from "../processes/outcome.ts";
import { startProcess, type TestProcess } from "../processes/start-process.ts";
import { untilDone } from "./crash-setting.ts";
import type { EdgeSetting } from "./edge-setting.ts";

/** Milliseconds: more than a token request and a store operation may take together. */
export const frozenFor = 12_000;
/** Milliseconds that an answer may come after the thaw: less than what an overdue timer gives it. */
const justAfter = 300;

/** Where a refresh is when its process is frozen. The last of them is also where the answer comes only after the thaw. */
export const frozenAt = [
  "before-intent",
  "intent-written",
  "server-consumed",
  "result-written",
  "request-sent",
  "request-sent, answered after the thaw",
] as const;

export interface FrozenRun {
  readonly where: (typeof frozenAt)[number];
  /** How the call that was frozen ended: with a token that is good, or with an error of this code. */
  readonly frozenCall: string;
  /** How the next call in the same process ended, and one that asks for another token then. */
  readonly nextCalls: readonly string[];
  /** How it went for a program that starts later. */
  readonly nextStart: string;
}

/** A process that has just been frozen, and what it was asked for. */
interface Frozen {
  readonly key: string;
  readonly member: TestProcess<MemberCommands>;
  readonly outcome: Promise<Outcome>;
  /** Lets it go on, and its answer come, if it has not. */
  thaw(): void;
}

/** More processes that start at one time would only wait for each other, and be late when they are to be frozen. */
const starts = new PQueue({ concurrency: 3 });

/** Freezes a process in its refresh, with the library's own timeouts, and lets it go on. */
export async function freeze(setting: EdgeSetting, store: StoreSetting, where: FrozenRun["where"]): Promise<FrozenRun> {
  const { key, member, outcome, thaw } = await starts.add(() => untilDone(() => begin(setting, store, where)));
  await using _ = member;
  await sleep(frozenFor);
  // It says that it stops just before it does, so that one signal alone could come too early.
  const waking = setInterval(thaw, 20);
  const told = (outcome: Outcome): string => {
    if (!outcome.ok) return outcome.code;
    return setting.isGood(outcome) ? "good" : "a token that is over";
  };
  const frozenCall = told(await outcome.finally(() => clearInterval(waking)));
  const nextCalls = [told(await member.ask("get", key)), told(await member.ask("renew", key))];
  return { where, frozenCall, nextCalls, nextStart: told((await setting.nextStart(store, key)).outcome) };
}

/** Resolves when the process is frozen, or to undefined when it was too slow to get there within the timeouts. */
async function begin(setting: EdgeSetting, store: StoreSetting, where: FrozenRun["where"]): Promise<Frozen | undefined> {
  const { key } = await setting.logIn(store);
  const member = await startProcess<MemberCommands>("member.ts", setting.memberOf(store));
  await member.ask("get", key);
  const thawed = Promise.withResolvers<void>();
  const stopped = member.stopped();
  setting.onTokenRequest(key, async ({ headers }, carryOut) => {
    if (headers[crashHeader] !== undefined) {
      member.ask("crashNow").catch(() => {});
      await stopped;
    }
    const answer = await carryOut();
    if (where.endsWith("after the thaw")) await thawed.promise.then(() => sleep(justAfter));
    return answer;
  });
  await member.ask("crashAt", { point: where.split(",")[0] as CrashPoint, signal: "SIGSTOP" });
  const outcome = member.ask("renew", key);
  const thaw = (): void => {
    member.signal("SIGCONT");
    thawed.resolve();
  };
  const isFrozen = await Promise.race([stopped.then(() => true), outcome.then(() => false)]);
  if (isFrozen) return { key, member, outcome, thaw };
  await member[Symbol.asyncDispose]();
  return undefined;
}
