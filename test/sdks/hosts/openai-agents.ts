import { MCPServerStreamableHttp } from "@openai/agents-core";
import type { McpServer } from "@tokenflight/mcp";
import type { HostSession } from "../library.ts";

export async function connect(server: McpServer): Promise<HostSession> {
  // Shown:
  const mcp = new MCPServerStreamableHttp({ url: server.url.href, fetch: server.fetch });
  await mcp.connect();
  const call = () => mcp.callTool("read", {});
  // Until here.
  return { call, close: () => mcp.close() };
}
