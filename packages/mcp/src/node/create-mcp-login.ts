import { readOptions, requireFunction } from "@tokenflight/core";
import { createMcpLogin as createAnywhere, type McpLogin } from "../create-mcp-login.ts";
import { optionNames, type McpLoginOptions } from "../mcp-options.ts";
import { requireBrowserOptions, authorizeInBrowser, type NodeLoginOptions } from "./browser-login.ts";

export type { LoginPage, NodeLoginOptions } from "./browser-login.ts";

/** Those of `createMcpLogin`, with the browser of this machine as the way to log in. */
export interface NodeMcpLoginOptions extends Omit<McpLoginOptions, "authorize">, NodeLoginOptions {}

const own = ["onLogin", "paste", "callback"] as const;

/**
 * Makes what logs a user in at MCP servers with the browser of this machine (RFC 8252), and sends nothing yet. Whatever it takes is done once for all
 * processes that share the store.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * const login = createMcpLogin({ store: sqliteStore({ path: "tokens.db" }), client: { name: "My agent" } });
 * const server = login.for("https://mcp.example.com/mcp");
 * await mcpClient.connect(new StreamableHTTPClientTransport(server.url, server.transport()));
 * ```
 */
export function createMcpLogin(options: NodeMcpLoginOptions): McpLogin {
  const where = "createMcpLogin";
  const read = readOptions<NodeMcpLoginOptions>(where, options, [...optionNames.filter((name) => name !== "authorize"), ...own]);
  const { onLogin, paste, callback, ...rest } = read;
  for (const [name, value] of Object.entries({ onLogin, paste })) if (value !== undefined) requireFunction(`${where}.${name}`, value);
  const browser = requireBrowserOptions(where, { onLogin, paste, callback });
  return createAnywhere({ ...rest, authorize: authorizeInBrowser(browser, read.loginTimeout) });
}
