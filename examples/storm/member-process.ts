import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Tallies } from "./callers.ts";
import type { MemberMessage, MemberOrder } from "./member.ts";
import type { Obtained } from "./tokens.ts";

const program = fileURLToPath(new URL("member.ts", import.meta.url));

/** One process of the storm, seen from the one that started it. */
export class MemberProcess {
  readonly ready: Promise<void>;
  readonly done: Promise<Tallies>;
  counts: { requests: number; failures: number } = { requests: 0, failures: 0 };
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(order: MemberOrder, onObtained: (obtained: Obtained) => void) {
    this.#child = fork(program, { execArgv: ["--conditions=source"], serialization: "advanced" });
    this.#ended = once(this.#child, "exit");
    const ready = Promise.withResolvers<void>();
    const done = Promise.withResolvers<Tallies>();
    this.ready = ready.promise;
    this.done = done.promise;
    // Whoever waits for either has a promise of its own to see the rejection by.
    this.ready.catch(() => {});
    this.done.catch(() => {});
    this.#child.on("message", (message: MemberMessage) => {
      if (message.type === "ready") ready.resolve();
      else if (message.type === "obtained") onObtained(message.obtained);
      else if (message.type === "progress") this.counts = message.counts;
      else done.resolve(message.tallies);
    });
    this.#child.on("exit", (status, signal) => {
      const error = new Error(`A process of the storm ended with ${signal ?? status}.`);
      ready.reject(error);
      done.reject(error);
    });
    this.#child.send(order);
  }

  begin(): void {
    this.#child.send("go");
  }

  async end(): Promise<void> {
    this.#child.kill();
    await this.#ended;
  }
}
