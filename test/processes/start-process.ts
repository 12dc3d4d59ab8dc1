import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { stopPipe, type Commands, type Question, type Reply } from "./serve-commands.ts";

/** A process of a test's own. */
export interface TestProcess<Known extends Commands> extends AsyncDisposable {
  readonly pid: number;
  /** Has a command carried out over there. Rejects with what it threw, and when the process ends before it has answered. */
  ask<Name extends keyof Known & string>(command: Name, ...given: Parameters<Known[Name]>): Promise<Awaited<ReturnType<Known[Name]>>>;
  signal(name: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void;
  /** Resolves, when it has ended, to the signal that ended it, or to null. */
  readonly ended: Promise<NodeJS.Signals | null>;
  /** Resolves when it has stopped itself: it says so with a byte, written without delay, on a pipe of its own. */
  stopped(): Promise<void>;
}

const compileCache = fileURLToPath(new URL("../../node_modules/.cache/tokenflight-tests", import.meta.url));

const running = new Set<ChildProcess>();
// One that is stopped would never notice that nobody is left to let it go on.
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts a program of this folder, which has to call `serveCommands`. Resolves when it is ready. */
export async function startProcess<Known extends Commands>(
  program: string,
  setting: unknown,
  env: NodeJS.ProcessEnv = {},
): Promise<TestProcess<Known>> {
  const given = ["--no-warnings", "--conditions=source", fileURLToPath(new URL(program, import.meta.url)), JSON.stringify(setting)];
  const child = spawn(process.execPath, given, {
    stdio: ["ignore", "inherit", "inherit", "ipc", "pipe"],
    // Many are started: what was compiled for one serves the next.
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache, ...env },
  });
  running.add(child);
  const ended = once(child, "exit").then(([, signal]) => {
    running.delete(child);
    return signal as NodeJS.Signals | null;
  });

  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let questions = 0;
  const ready = new Promise<void>((resolve, reject) => {
    child.on("message", (reply: Reply) => {
      if (reply === "ready") return resolve();
      const asked = waiting.get(reply.id);
      waiting.delete(reply.id);
      if ("failed" in reply) asked?.reject(new Error(`Process ${child.pid}: ${reply.failed}`));
      else asked?.resolve(reply.value);
    });
    ended.then((signal) => {
      const error = new Error(`Process ${child.pid} ended (${signal ?? `exit code ${child.exitCode}`}).`);
      reject(error);
      for (const asked of waiting.values()) asked.reject(error);
      waiting.clear();
    });
  });
  await ready;

  return {
    pid: child.pid ?? 0,
    ask: (command, ...arguments_) =>
      new Promise((resolve, reject) => {
        questions += 1;
        waiting.set(questions, { resolve: resolve as (value: unknown) => void, reject });
        child.send({ id: questions, command, given: arguments_ } satisfies Question, (error) => {
          if (error !== null) reject(error);
        });
      }),
    signal: (name) => void child.kill(name),
    ended,
    stopped: async () => void (await once(child.stdio[stopPipe] as NodeJS.ReadableStream, "data")),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
