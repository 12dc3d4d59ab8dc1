import { MultiServerMCPClient } from "@langchain/mcp-adapters";
import type { McpServer } from "@tokenflight/mcp";
import type { HostSession } from "../library.ts";

export async function connect(server: McpServer): Promise<HostSession> {
  // Shown:
  const client = new MultiServerMCPClient({ mcpServers: { shop: { url: server.url.href, authProvider: server.provider() } } });
  const [read] = await client.getTools();
  const call = () => read?.invoke({});
  // Until here.
  return { call: async () => call(), close: () => client.close() };
}
