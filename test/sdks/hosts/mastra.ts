import { MCPClient } from "@mastra/mcp";
import type { McpServer } from "@tokenflight/mcp";
import type { HostSession } from "../library.ts";

export async function connect(server: McpServer): Promise<HostSession> {
  // Shown:
  const client = new MCPClient({ servers: { shop: { url: server.url, fetch: server.fetch } } });
  const tools = await client.listTools();
  // Until here.
  const call = async (): Promise<unknown> => tools["shop_read"]?.execute?.({}, {} as never);
  return { call, close: () => client.disconnect() };
}
