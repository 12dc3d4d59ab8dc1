import type { TokenCache } from "@tokenflight/core";
import type { McpServer } from "@tokenflight/mcp";

/** The API that a library calls, and the tokens for it. */
export interface Given {
  readonly origin: string;
  readonly tokens: TokenCache;
}

/** A library of which each call goes through a fetch function of ours. Its file is what the page shows of it. */
export interface Library {
  /** One call of the API. Rejects as the library does. */
  readonly call: (given: Given) => Promise<unknown>;
}

/** A host that is a client of MCP servers. */
export interface Host {
  readonly connect: (server: McpServer) => Promise<HostSession>;
}

export interface HostSession {
  /** One call of the server's tool "read". */
  call(): Promise<unknown>;
  close(): Promise<void>;
}
