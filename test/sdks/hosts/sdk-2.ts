import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import type { McpServer } from "@tokenflight/mcp";
import type { HostSession } from "../library.ts";

export async function connect(server: McpServer): Promise<HostSession> {
  // Shown:
  const client = new Client({ name: "my-agent", version: "1.0.0" });
  await client.connect(new StreamableHTTPClientTransport(server.url, server.transport({ sdk: 2 })));
  const call = () => client.callTool({ name: "read", arguments: {} });
  // Until here.
  return { call, close: () => client.close() };
}
