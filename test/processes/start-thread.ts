import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { Questions, type Ask } from "./questions.ts";
import type { Commands, Reply } from "./serve-commands.ts";
import { execArgv } from "./start-process.ts";

/** A worker thread of this process. */
export interface TestThread<Known extends Commands> extends AsyncDisposable {
  readonly ask: Ask<Known>;
  /** Ends it wherever it is. */
  terminate(): Promise<void>;
}

/** Starts a program of this folder as a worker thread; the same programs can be processes. Resolves when it is ready. */
export async function startThread<Known extends Commands>(program: string, setting: unknown): Promise<TestThread<Known>> {
  const worker = new Worker(new URL(program, import.meta.url), { argv: [JSON.stringify(setting)], execArgv });
  const questions = new Questions(`Thread ${worker.threadId}`);
  worker.on("message", (reply: Reply) => questions.take(reply));
  worker.on("error", (error) => questions.end(String(error)));
  const ended = once(worker, "exit").then(([code]) => questions.end(`exit code ${code}`));
  await questions.ready;

  const ask = (command: string, ...given: unknown[]): Promise<unknown> =>
    questions.ask((question) => worker.postMessage(question, []), command, given);
  const terminate = async (): Promise<void> => {
    await worker.terminate();
    await ended;
  };
  return { ask: ask as Ask<Known>, terminate, [Symbol.asyncDispose]: terminate };
}
