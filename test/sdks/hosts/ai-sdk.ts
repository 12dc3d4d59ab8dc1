import { createMCPClient } from "@ai-sdk/mcp";
import type { McpServer } from "@tokenflight/mcp";
import type { HostSession } from "../library.ts";

export async function connect(server: McpServer): Promise<HostSession> {
  // Shown:
  const client = await createMCPClient({ transport: { type: "http", url: server.url.href, fetch: server.fetch } });
  const { read } = await client.tools();
  const call = () => read?.execute({}, { toolCallId: "1", messages: [], context: {} });
  // Until here.
  return { call: async () => call(), close: () => client.close() };
}
