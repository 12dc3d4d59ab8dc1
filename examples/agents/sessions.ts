import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { createMcpLogin } from "@tokenflight/mcp/node";
import { sqliteStore } from "@tokenflight/sqlite";
import { FileProvider } from "./file-provider.ts";
import type { AgentOrder, Deed } from "./messages.ts";
import { agree } from "./person.ts";
import { watchedFetch } from "./watched-fetch.ts";

/** A session of an agent at the MCP server. */
export interface Session {
  connect(): Promise<void>;
  /** Rejects when the call fails, whatever the reason. */
  callTool(): Promise<unknown>;
  /** After calls that have failed: goes to the browser if that is what they failed for. */
  recover(): Promise<void>;
}

type Transport = Parameters<Client["connect"]>[0];

const about = { name: "an agent", version: "1" };
const tool = { name: "read", arguments: {} };

export function openSession(order: AgentOrder, tell: (deed: Deed) => void): Session {
  return order.provider === "file" ? sessionOverFile(order, tell) : sessionOverTokenflight(order, tell);
}

function sessionOverTokenflight({ path, url }: AgentOrder, tell: (deed: Deed) => void): Session {
  const login = createMcpLogin({
    store: sqliteStore({ path, warn: () => {} }),
    client: { name: about.name },
    fetch: watchedFetch(tell),
    async onLogin({ url: page }) {
      tell("window");
      await (await fetch(await agree(page))).text();
    },
    observe: ({ type }) => void (type === "token-adopted" && tell("taken")),
  });
  const server = login.for(url);
  const client = new Client(about);
  return {
    connect: () => client.connect(new StreamableHTTPClientTransport(server.url, server.transport()) as Transport),
    callTool: () => client.callTool(tool),
    // There is nothing that it could do besides.
    recover: async () => {},
  };
}

/** How often a session tries to connect before it gives up. */
const attempts = 3;

function sessionOverFile({ path, url }: AgentOrder, tell: (deed: Deed) => void): Session {
  const send = watchedFetch(tell);
  /** The user is at the page, and will be back with a code. */
  let code: Promise<string> | undefined;
  const provider = new FileProvider(path, (page) => {
    tell("window");
    code = agree(page).then((back) => back.searchParams.get("code") ?? "");
    code.catch(() => {});
  });
  let [client, transport] = fresh();

  function fresh(): [Client, StreamableHTTPClientTransport] {
    return [new Client(about), new StreamableHTTPClientTransport(new URL(url), { authProvider: provider, fetch: send })];
  }

  async function connect(): Promise<void> {
    for (let left = attempts; ; left -= 1) {
      [client, transport] = fresh();
      try {
        return await client.connect(transport as Transport);
      } catch (error) {
        if (code === undefined || left === 0) throw error;
        await finish().catch(() => {});
      }
    }
  }

  async function finish(): Promise<void> {
    const coming = code;
    code = undefined;
    await transport.finishAuth((await coming) ?? "");
  }

  return {
    connect,
    callTool: () => client.callTool(tool),
    async recover() {
      if (code === undefined) return;
      await finish().catch(() => {});
      await connect().catch(() => {});
    },
  };
}
