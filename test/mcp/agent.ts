/** One agent session: a client of an MCP server, with the SDK of its setting, over the logins that all sessions share. */
import { setTimeout as sleep } from "node:timers/promises";
import { createMcpLogin } from "@tokenflight/mcp/node";
import { sqliteStore } from "@tokenflight/sqlite";
import { readSetting, serveCommands } from "../processes/serve-commands.ts";
import { follow } from "../servers/scripted-login.ts";
import type { AgentCommands, AgentSetting, Calls } from "./agent-commands.ts";
import { connectSdk1, connectSdk2, type McpSession } from "./sdk-session.ts";

const { sdk, seam, store: path, url, person } = readSetting<AgentSetting>();

let windows = 0;
let shown = Promise.withResolvers<void>();
const login = createMcpLogin({
  store: sqliteStore({ path, warn: () => {} }),
  client: { name: "an agent" },
  async onLogin({ url: page }) {
    windows += 1;
    shown.resolve();
    if (person === undefined) return;
    await sleep(person);
    const redirectUri = new URL(page).searchParams.get("redirect_uri") ?? "";
    await (await fetch(await follow(new URL(page), redirectUri))).text();
  },
});
const server = login.for(url);
let session: McpSession | undefined;

async function callAll(names: readonly string[]): Promise<Calls> {
  const errors: Record<string, number> = {};
  const ends = await Promise.allSettled(names.map(async (name) => session?.callTool(name)));
  for (const end of ends) {
    if (end.status === "fulfilled" && end.value !== undefined) continue;
    const { constructor, message } = (end.status === "rejected" ? end.reason : new Error("It gave nothing.")) as Error;
    const text = `${constructor.name}: ${message.slice(0, 200)}`;
    errors[text] = (errors[text] ?? 0) + 1;
  }
  return { calls: names.length, failed: Object.values(errors).reduce((all, one) => all + one, 0), errors };
}

serveCommands({
  async connect() {
    session = await (sdk === 1 ? connectSdk1(server, seam) : connectSdk2(server, seam));
  },
  async work(duration, atOnce, pause) {
    const end = performance.now() + duration;
    let [calls, failed] = [0, 0];
    const errors: Record<string, number> = {};
    while (performance.now() < end) {
      const round = await callAll(Array.from({ length: atOnce }, () => "read"));
      calls += round.calls;
      failed += round.failed;
      for (const [text, count] of Object.entries(round.errors)) errors[text] = (errors[text] ?? 0) + count;
      await sleep(pause);
    }
    return { calls, failed, errors };
  },
  callAll,
  windows: () => windows,
  async shown() {
    await shown.promise;
    shown = Promise.withResolvers();
  },
} satisfies AgentCommands);
