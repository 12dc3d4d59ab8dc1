import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { compileCache, endWithParent, execArgv } from "./start-process.ts";

/** A program as users write them: nobody asks it anything, so that nothing keeps it but what it does. It prints lines. */
export interface Program extends AsyncDisposable {
  signal(name: NodeJS.Signals): void;
  /** Resolves to when it printed a line that begins with this, by `performance.now()`. Rejects when it ends without. */
  said(beginning: string): Promise<number>;
  /** Resolves when it has ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly at: number }>;
  /** What it has printed. */
  readonly lines: readonly string[];
}

/** Starts a program of this folder. */
export function startProgram(program: string, setting: unknown): Program {
  const child = spawn(process.execPath, [...execArgv, fileURLToPath(new URL(program, import.meta.url)), JSON.stringify(setting)], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
  });
  endWithParent(child);
  const lines: string[] = [];
  const waiting = new Map<string, PromiseWithResolvers<number>>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    for (const [beginning, { resolve }] of waiting) if (line.startsWith(beginning)) resolve(performance.now());
  });
  const exit = once(child, "exit").then(([code, signal]) => ({
    code: code as number,
    signal: signal as NodeJS.Signals,
    at: performance.now(),
  }));
  const ended = once(child, "close").then(async () => {
    for (const [beginning, { reject }] of waiting) reject(new Error(`${program} ended without "${beginning}": ${lines.join("; ")}`));
    return exit;
  });
  return {
    lines,
    ended,
    signal: (name) => void child.kill(name),
    said(beginning) {
      if (lines.some((line) => line.startsWith(beginning))) return Promise.resolve(performance.now());
      const line = waiting.get(beginning) ?? Promise.withResolvers<number>();
      line.promise.catch(() => {});
      waiting.set(beginning, line);
      return line.promise;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
