import { lateUse } from "../../test/servers/token-endpoint-faults.ts";
import { startMcpServer } from "../../test/servers/mcp-server.ts";
import { temporaryFolder } from "../../test/stores/temporary-folder.ts";
import { AgentProcess } from "./agent-process.ts";
import type { AgentsOptions } from "./arguments.ts";
import type { Moment, ProviderName } from "./messages.ts";

/** What one agent has done. */
export interface AgentResult {
  readonly calls: number;
  readonly failed: number;
  /** Refresh tokens that it has sent, and how many of them were refused. */
  readonly refreshes: number;
  readonly refused: number;
  /** Tokens that it has taken over from another agent. */
  readonly taken: number;
  readonly windows: number;
  /** Milliseconds since all began to work; before that, the login is below 0. */
  readonly moments: readonly Moment[];
}

export interface AgentsResult {
  readonly provider: ProviderName;
  readonly agents: readonly AgentResult[];
  readonly calls: number;
  readonly failed: number;
  readonly errors: Readonly<Record<string, number>>;
  /** Token requests with a refresh token, and how many different ones they were. */
  readonly refreshes: number;
  readonly refreshTokens: number;
  /** Refresh tokens that reached the authorization server more than once. */
  readonly sentAgain: number;
  readonly windows: number;
  readonly registrations: number;
}

/** Milliseconds that a token request takes. */
const tokenRequest = 100;

/** Has agents work with one of the ways to keep a login. One of them logs in first, as a user does. Reports four times a second. */
export async function runAgents(
  provider: ProviderName,
  { processes, seconds, ttl }: AgentsOptions,
  report: (elapsed: number, agents: readonly AgentResult[]) => void,
): Promise<AgentsResult> {
  using folder = temporaryFolder();
  await using server = await startMcpServer({ accessTokenLifetime: ttl });
  const { authorizationServer } = server;
  authorizationServer.faults.always(lateUse(tokenRequest));
  await using stack = new AsyncDisposableStack();
  const order = { provider, path: folder.file(provider === "file" ? "login.json" : "login.db"), url: server.url, seconds };
  const agents = Array.from({ length: processes }, () => stack.use(new AgentProcess(order)));
  const [first, ...others] = agents as [AgentProcess, ...AgentProcess[]];
  await first.tell("connect");
  await Promise.all(others.map((agent) => agent.tell("connect")));

  const began = Date.now();
  const now = (): AgentResult[] => agents.map((agent) => resultOf(agent, began));
  const ticker = setInterval(() => report((Date.now() - began) / 1000, now()), 250);
  await Promise.all(agents.map((agent) => agent.tell("work"))).finally(() => clearInterval(ticker));
  const results = now();
  report((Date.now() - began) / 1000, results);

  const sent = authorizationServer.requests.flatMap(({ form }) => form.get("refresh_token") ?? []);
  const times = Map.groupBy(sent, (token) => token);
  const errors: Record<string, number> = {};
  for (const agent of agents) for (const [name, count] of Object.entries(agent.errors)) errors[name] = (errors[name] ?? 0) + count;
  const sum = (name: "calls" | "failed" | "windows"): number => results.reduce((all, one) => all + one[name], 0);
  return {
    provider,
    agents: results,
    calls: sum("calls"),
    failed: sum("failed"),
    errors,
    refreshes: sent.length,
    refreshTokens: times.size,
    sentAgain: [...times.values()].filter(({ length }) => length > 1).length,
    windows: sum("windows"),
    registrations: authorizationServer.visits.registrations,
  };
}

function resultOf(agent: AgentProcess, began: number): AgentResult {
  return {
    calls: agent.calls,
    failed: agent.count("failed"),
    refreshes: agent.count("refresh"),
    refused: agent.count("refused"),
    taken: agent.count("taken"),
    windows: agent.count("window"),
    moments: agent.moments.map(({ deed, at }) => ({ deed, at: at - began })),
  };
}

/** Whether the agents have shared the login as they should. */
export function isCalm({ failed, sentAgain, windows }: AgentsResult): boolean {
  return failed === 0 && sentAgain === 0 && windows === 1;
}
