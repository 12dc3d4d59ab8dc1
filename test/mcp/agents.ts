import { startProcess, type TestProcess } from "../processes/start-process.ts";
import { startMcpServer, type McpTestServer } from "../servers/mcp-server.ts";
import { temporaryFolder } from "../stores/temporary-folder.ts";
import type { AgentCommands, AgentSetting, Calls } from "./agent-commands.ts";

export type Agent = TestProcess<AgentCommands>;

const given = ["--no-warnings", "--import", new URL("own-sources.ts", import.meta.url).href];
/** Processes without a session: an SDK takes a second to load, and one after the other may use it. */
const idle: Agent[] = [];

/** Several agents of one user at one MCP server. */
export interface Agents extends AsyncDisposable {
  readonly server: McpTestServer;
  /** Starts further ones, each in a process of its own. */
  start(count: number, setting: Pick<AgentSetting, "sdk"> & Partial<AgentSetting>): Promise<Agent[]>;
  /** All login pages that those of them have shown that are alive. */
  windows(): Promise<number>;
}

export async function startAgents(accessTokenLifetime: number): Promise<Agents> {
  const folder = temporaryFolder();
  const server = await startMcpServer({ accessTokenLifetime });
  const agents: Agent[] = [];
  return {
    server,
    async start(count, setting) {
      const whole: AgentSetting = { seam: "fetch", person: 100, store: folder.file("tokens.db"), url: server.url, ...setting };
      const processes = Array.from(
        { length: count },
        async () => idle.pop() ?? startProcess<AgentCommands>("../mcp/agent.ts", null, {}, given),
      );
      const started = await Promise.all(processes);
      agents.push(...started);
      await Promise.all(started.map((agent) => agent.ask("open", whole)));
      return started;
    },
    async windows() {
      const counts = await Promise.all(agents.map((agent) => agent.ask("windows").catch(() => 0)));
      return counts.reduce((all, one) => all + one, 0);
    },
    async [Symbol.asyncDispose]() {
      const closed = await Promise.allSettled(agents.map((agent) => agent.ask("close")));
      // What was killed, or is stuck in the middle of a session, is of no use to the next one.
      idle.push(...agents.filter((_, index) => closed[index]?.status === "fulfilled"));
      await Promise.all(agents.filter((agent) => !idle.includes(agent)).map((agent) => agent[Symbol.asyncDispose]()));
      await server.close();
      folder[Symbol.dispose]();
    },
  };
}

/** For the end of a file of tests. */
export async function endAgents(): Promise<void> {
  await Promise.all(idle.splice(0).map((agent) => agent[Symbol.asyncDispose]()));
}

/** The calls of several agents together. */
export function total(some: readonly Calls[]): Calls {
  const errors: Record<string, number> = {};
  for (const { errors: own } of some) for (const [text, count] of Object.entries(own)) errors[text] = (errors[text] ?? 0) + count;
  const sum = (name: "calls" | "failed"): number => some.reduce((all, one) => all + one[name], 0);
  return { calls: sum("calls"), failed: sum("failed"), errors };
}

/** How often each refresh token reached the authorization server. */
export function uses({ authorizationServer }: McpTestServer): number[] {
  const counts = new Map<string, number>();
  for (const { form } of authorizationServer.requests) {
    const token = form.get("refresh_token");
    if (token !== null) counts.set(token, (counts.get(token) ?? 0) + 1);
  }
  return [...counts.values()];
}
