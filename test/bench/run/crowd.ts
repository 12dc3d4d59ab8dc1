import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { SharedSetting } from "../contenders/processes/process-contender.ts";

/** What a process of a crowd is told. */
export interface CrowdOrder {
  readonly contender: string;
  readonly setting: SharedSetting;
  /** Requests that it sends in the same moment. */
  readonly requests: number;
}

const program = fileURLToPath(new URL("crowd-member.ts", import.meta.url));

/** Starts processes, lets all of them send at once, and resolves to the requests that failed and the milliseconds that it took. */
export async function runCrowd(order: CrowdOrder, processes: number): Promise<{ failures: number; wall: number }> {
  const members = Array.from({ length: processes }, () => fork(program, [JSON.stringify(order)], { execArgv: ["--conditions=source"] }));
  // Listened for from the beginning: some end long before others.
  const exits = members.map((member) => once(member, "exit"));
  try {
    await Promise.all(members.map(nextMessage));
    const began = performance.now();
    const done = members.map(nextMessage);
    for (const member of members) member.send("go");
    const failures = (await Promise.all(done)) as number[];
    return { failures: failures.reduce((sum, some) => sum + some, 0), wall: performance.now() - began };
  } finally {
    for (const member of members) member.kill();
    await Promise.all(exits);
  }
}

/** Rejects when the process ends instead. */
function nextMessage(member: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    member.once("message", resolve);
    member.once("exit", (status, signal) => reject(new Error(`A process of the crowd ended with ${signal ?? status}.`)));
  });
}
