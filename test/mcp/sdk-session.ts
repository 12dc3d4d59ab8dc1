import type { McpServer } from "@tokenflight/mcp";
import type { Seam } from "./agent-commands.ts";

/** A client of either SDK that is connected. */
export interface McpSession {
  callTool(name: string): Promise<unknown>;
  close(): Promise<void>;
}

const about = { name: "an agent", version: "1" };

/** `@modelcontextprotocol/sdk`. */
export async function connectSdk1(server: McpServer, seam: Seam): Promise<McpSession> {
  const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
  const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/sdk/client/streamableHttp.js");
  const options = seam === "fetch" ? server.transport() : { authProvider: server.provider() };
  const client = new Client(about);
  const transport = new StreamableHTTPClientTransport(server.url, options);
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  return { callTool: (name) => client.callTool({ name, arguments: {} }), close: () => client.close() };
}

/** `@modelcontextprotocol/client`. */
export async function connectSdk2(server: McpServer, seam: Seam): Promise<McpSession> {
  const { Client, StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
  const options =
    seam === "fetch" ? server.transport({ sdk: 2 }) : { authProvider: seam === "provider" ? server.provider() : server.authProvider() };
  const client = new Client(about);
  await client.connect(new StreamableHTTPClientTransport(server.url, options));
  return { callTool: (name) => client.callTool({ name, arguments: {} }), close: () => client.close() };
}
