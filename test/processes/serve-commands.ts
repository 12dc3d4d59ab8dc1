import { flushCompileCache } from "node:module";
import { parentPort } from "node:worker_threads";

/** What a test process can be asked to do, by name. Arguments and results travel as JSON. */
export type Commands = { readonly [name: string]: (...given: never[]) => unknown };

export interface Question {
  readonly id: number;
  readonly command: string;
  readonly given: readonly unknown[];
}

export type Reply = "ready" | { readonly id: number; readonly value: unknown } | { readonly id: number; readonly failed: string };

/** The pipe on which a process tells, by any byte, that it is about to stop itself. */
export const stopPipe = 4;

/** The setting that the parent started this process with. */
export function readSetting<Setting>(): Setting {
  return JSON.parse(process.argv[2] ?? "null") as Setting;
}

/** Makes this process, or this worker thread, do what its parent asks, until the parent leaves. */
export function serveCommands(commands: Commands): void {
  const tell = (reply: Reply): void => {
    if (parentPort === null) process.send?.(reply);
    else parentPort.postMessage(reply, []);
  };
  (parentPort ?? process).on("message", async ({ id, command, given }: Question) => {
    try {
      tell({ id, value: await commands[command]?.(...(given as never[])) });
    } catch (error) {
      tell({ id, failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  process.once("disconnect", () => process.exit());
  tell("ready");
  // Whoever is killed writes no cache, and the next process would read all sources anew.
  flushCompileCache();
}
