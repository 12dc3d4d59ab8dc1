/** One agent session after the other: a client of an MCP server, with an SDK, over the logins that all sessions share. */
import { setTimeout as sleep } from "node:timers/promises";
import type { McpServer } from "@tokenflight/mcp";
import { createMcpLogin } from "@tokenflight/mcp/node";
import { sqliteStore } from "@tokenflight/sqlite";
import { serveCommands } from "../processes/serve-commands.ts";
import { follow } from "../servers/scripted-login.ts";
import type { AgentCommands, AgentSetting, Calls } from "./agent-commands.ts";
import { connectSdk1, connectSdk2, type McpSession } from "./sdk-session.ts";

/** The session of now, from its beginning on. */
interface Now {
  readonly setting: AgentSetting;
  readonly server: McpServer;
  readonly shown: PromiseWithResolvers<void>;
  readonly close: () => Promise<void>;
  windows: number;
  session: McpSession | undefined;
}

let now: Now;

function open(setting: AgentSetting): void {
  const store = sqliteStore({ path: setting.store, warn: () => {} });
  const login = createMcpLogin({
    store,
    client: { name: "an agent" },
    async onLogin({ url: page }) {
      opened.windows += 1;
      opened.shown.resolve();
      if (setting.person === undefined) return;
      await sleep(setting.person);
      const redirectUri = new URL(page).searchParams.get("redirect_uri") ?? "";
      await (await fetch(await follow(new URL(page), redirectUri))).text();
    },
  });
  const close = async (): Promise<void> => {
    await opened.session?.close();
    await login.close();
    await store.close();
  };
  const opened: Now = { setting, server: login.for(setting.url), shown: Promise.withResolvers(), close, windows: 0, session: undefined };
  now = opened;
}

async function callAll(names: readonly string[]): Promise<Calls> {
  const errors: Record<string, number> = {};
  const ends = await Promise.allSettled(names.map(async (name) => now.session?.callTool(name)));
  for (const end of ends) {
    if (end.status === "fulfilled" && end.value !== undefined) continue;
    const { constructor, message } = (end.status === "rejected" ? end.reason : new Error("It gave nothing.")) as Error;
    const text = `${constructor.name}: ${message.slice(0, 200)}`;
    errors[text] = (errors[text] ?? 0) + 1;
  }
  return { calls: names.length, failed: Object.values(errors).reduce((all, one) => all + one, 0), errors };
}

serveCommands({
  open,
  async connect() {
    const { setting, server } = now;
    now.session = await (setting.sdk === 1 ? connectSdk1(server, setting.seam) : connectSdk2(server, setting.seam));
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
  windows: () => now.windows,
  shown: () => now.shown.promise,
  close: () => now.close(),
} satisfies AgentCommands);
