import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { AgentCommand, AgentMessage, AgentOrder, Deed, Moment } from "./messages.ts";

const program = fileURLToPath(new URL("agent.ts", import.meta.url));
/** Our packages from their sources, and nobody else's. */
const execArgv = ["--no-warnings", "--import", new URL("../../test/mcp/own-sources.ts", import.meta.url).href];

/** One agent, seen from the process that started it. */
export class AgentProcess implements AsyncDisposable {
  readonly moments: Moment[] = [];
  /** How often each error came. */
  readonly errors: Record<string, number> = {};
  calls = 0;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(order: AgentOrder) {
    this.#child = fork(program, { execArgv });
    this.#ended = once(this.#child, "exit");
    this.#child.on("message", (message: AgentMessage) => {
      if (message.type === "moment") this.moments.push(message.moment);
      else if (message.type === "calls") this.calls += message.calls;
      else if (message.type === "error") this.errors[message.text] = (this.errors[message.text] ?? 0) + 1;
    });
    this.#child.send(order);
  }

  /** Rejects when the agent ends before it has done so. */
  async tell(command: AgentCommand): Promise<void> {
    const expected: AgentMessage["type"] = command === "connect" ? "connected" : "done";
    const over = new AbortController();
    const { signal } = over;
    this.#child.send(command);
    const ended = once(this.#child, "exit", { signal }).then(([status, by]) => {
      throw new Error(`An agent ended with ${String(by ?? status)}.`);
    });
    const told = new Promise<void>((resolve) => {
      const listen = (message: AgentMessage): void => {
        if (message.type !== expected) return;
        this.#child.off("message", listen);
        resolve();
      };
      this.#child.on("message", listen);
    });
    ended.catch(() => {});
    await Promise.race([told, ended]).finally(() => over.abort());
  }

  count(deed: Deed): number {
    return this.moments.filter((moment) => moment.deed === deed).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill();
    await this.#ended;
  }
}
