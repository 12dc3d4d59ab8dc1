import type { MemberCommands } from "../processes/member-commands.ts";
import type { MemberSetting } from "../processes/member-setting.ts";
import { startProcess } from "../processes/start-process.ts";
import { startThread } from "../processes/start-thread.ts";
import type { Ask } from "../processes/questions.ts";
import type { EdgeSetting } from "./edge-setting.ts";

/** A process or a worker thread that shares the store. */
export interface Killable extends AsyncDisposable {
  readonly ask: Ask<MemberCommands>;
  /** Ends it where it is, as a crash would. Resolves when it has ended. */
  kill(): Promise<void>;
}

export async function killableProcess(setting: MemberSetting): Promise<Killable> {
  const member = await startProcess<MemberCommands>("member.ts", setting);
  return {
    ask: member.ask,
    async kill() {
      member.signal("SIGKILL");
      await member.ended;
    },
    [Symbol.asyncDispose]: () => member[Symbol.asyncDispose](),
  };
}

export async function killableThread(setting: MemberSetting): Promise<Killable> {
  const thread = await startThread<MemberCommands>("member.ts", setting);
  return { ask: thread.ask, kill: () => thread.terminate(), [Symbol.asyncDispose]: () => thread[Symbol.asyncDispose]() };
}

export interface KilledRun {
  /** Milliseconds from the kill until each of the others had its token. */
  readonly waits: readonly number[];
  /** Whether all of them got a token that is good. */
  readonly kept: boolean;
  /** What the others got in its place. */
  readonly others: readonly unknown[];
}

/**
 * Kills the owner of a refresh after its intent was written, and before the server has the refresh token. The others wait for its token
 * already, but one, who comes later.
 */
export async function killOwner(
  setting: EdgeSetting,
  member: MemberSetting,
  start: (member: MemberSetting) => Promise<Killable>,
  [late, ...others]: readonly Killable[],
): Promise<KilledRun> {
  const { key, accessToken } = await setting.logIn(member.store);
  await using owner = await start(member);
  for (const other of [owner, late, ...others]) await other?.ask("get", key);

  const held = owner.ask("holdAt", "intent-written", 1);
  owner.ask("renew", key).catch(() => {});
  await held;
  const seen = others.map((other) => other.ask("intentSeen"));
  const waiting = others.map((other) => other.ask("renew", key, accessToken));
  await Promise.all(seen);
  const killed = performance.now();
  const measured = [...waiting, owner.kill().then(() => late?.ask("renew", key, accessToken))].map(async (call) => {
    const outcome = await call;
    return { wait: performance.now() - killed, good: outcome !== undefined && setting.isGood(outcome), outcome };
  });
  const all = await Promise.all(measured);
  const bad = all.filter(({ good }) => !good).map(({ outcome }) => outcome);
  return { waits: all.map(({ wait }) => wait), kept: bad.length === 0, others: bad };
}
