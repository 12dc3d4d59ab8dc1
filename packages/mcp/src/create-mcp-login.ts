import { disposal, type Closable } from "@tokenflight/core";
import { Registrations } from "./client/registrations.ts";
import { AuthorizationServers } from "./discovery/authorization-servers.ts";
import { createMcpServer, type McpServer, type McpStatus } from "./mcp-server.ts";
import { readLoginOptions, readServerOptions, type McpLoginOptions, type McpServerOptions } from "./mcp-options.ts";

/** The logins of one user at MCP servers, shared by all processes that share the store. */
export interface McpLogin extends Closable {
  /**
   * One MCP server, by the URL of its transport. Nothing is sent yet. The same object for the same URL: the options count when it is asked for first.
   *
   * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
   */
  for(url: string | URL, options?: McpServerOptions): McpServer;
  /**
   * What is known of the logins at all servers that were asked for, from the store.
   *
   * @throws StoreError (`ERR_STORE_*`).
   */
  status(): Promise<McpStatus[]>;
}

/**
 * Makes what logs a user in at MCP servers, and sends nothing yet. Whatever it takes is done once for all processes that share the store: the registration of
 * the program, the window in which the user logs in, each refresh.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * const login = createMcpLogin({ store, client: { name: "My agent" }, grant });
 * const response = await login.for("https://mcp.example.com/mcp").fetch("https://mcp.example.com/mcp", { method: "POST", body });
 * ```
 */
export function createMcpLogin(options: McpLoginOptions): McpLogin {
  const parts = readLoginOptions("createMcpLogin", options);
  const shared = { servers: new AuthorizationServers(), registrations: new Registrations(parts.store, parts.key) };
  const known = new Map<string, ReturnType<typeof createMcpServer>>();
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    closing ??= Promise.all(Array.from(known.values(), (one) => one.close())).then(() => {});
    return closing;
  };
  return {
    for(url, wishes = {}) {
      const wish = readServerOptions(url, wishes);
      const found = known.get(wish.url.href) ?? createMcpServer(parts, wish, shared);
      known.set(wish.url.href, found);
      if (closing !== undefined) found.close().catch(() => {});
      return found.server;
    },
    status: () => Promise.all(Array.from(known.values(), ({ server }) => server.status())),
    close,
    ...disposal(close),
  };
}
