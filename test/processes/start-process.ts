import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Questions, type Ask } from "./questions.ts";
import { stopPipe, type Commands, type Reply } from "./serve-commands.ts";

/** A process of a test's own. */
export interface TestProcess<Known extends Commands> extends AsyncDisposable {
  readonly pid: number;
  readonly ask: Ask<Known>;
  signal(name: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void;
  /** Resolves, when it has ended, to the signal that ended it, or to null. */
  readonly ended: Promise<NodeJS.Signals | null>;
  /** Resolves when it has stopped itself: it says so with a byte, written without delay, on a pipe of its own. */
  stopped(): Promise<void>;
}

/** Many are started: what was compiled for one serves the next. */
export const compileCache = fileURLToPath(new URL("../../node_modules/.cache/tokenflight-tests", import.meta.url));
export const execArgv = ["--no-warnings", "--conditions=source"];

const running = new Set<ChildProcess>();
// One that is stopped would never notice that nobody is left to let it go on.
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Ends with this process, whatever happens to it. */
export function endWithParent(child: ChildProcess): void {
  running.add(child);
  child.once("exit", () => running.delete(child));
}

/** Starts a program of this folder, which has to call `serveCommands`. Resolves when it is ready. `given`: Node's own arguments. */
export async function startProcess<Known extends Commands>(
  program: string,
  setting: unknown,
  env: NodeJS.ProcessEnv = {},
  given: readonly string[] = execArgv,
): Promise<TestProcess<Known>> {
  const child = spawn(process.execPath, [...given, fileURLToPath(new URL(program, import.meta.url)), JSON.stringify(setting)], {
    stdio: ["ignore", "inherit", "inherit", "ipc", "pipe"],
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache, ...env },
  });
  endWithParent(child);
  const questions = new Questions(`Process ${child.pid}`);
  child.on("message", (reply: Reply) => questions.take(reply));
  const ended = once(child, "exit").then(([, signal]) => {
    questions.end(signal ?? `exit code ${child.exitCode}`);
    return signal as NodeJS.Signals | null;
  });
  await questions.ready;

  const ask = (command: string, ...given: unknown[]): Promise<unknown> =>
    questions.ask((question) => child.send(question, (error) => error !== null && questions.end(error.message)), command, given);
  return {
    pid: child.pid ?? 0,
    ask: ask as Ask<Known>,
    signal: (name) => void child.kill(name),
    ended,
    stopped: async () => void (await once(child.stdio[stopPipe] as NodeJS.ReadableStream, "data")),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
