import { adapterCalls } from "./adapter-calls.ts";
import type { Calls } from "./call-parts.ts";
import { coreCalls } from "./core-calls.ts";
import { mcpCalls } from "./mcp-calls.ts";
import { oauthCalls } from "./oauth-calls.ts";

/** Every public function of every package. */
export const calls: Calls = { ...coreCalls, ...adapterCalls, ...oauthCalls, ...mcpCalls };
