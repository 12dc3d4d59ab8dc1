import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { createMcpLogin } from "@tokenflight/mcp/node";
import { sqliteStore } from "@tokenflight/sqlite";

const { MCP_SERVER = "", TOKENS = "tokens.db" } = process.env;

const store = sqliteStore({ path: TOKENS });
const login = createMcpLogin({
  store,
  client: { name: "My agent" }, // and its `metadataUrl`, where it has one
  onLogin: ({ url, server }) => console.log(`Log in for ${server.host} at ${url}`), // leave it out: the browser opens
});
const server = login.for(MCP_SERVER);

try {
  if (process.argv[2] === "logout") {
    await server.tokens.forget({ revoke: true });
    console.log("Logged out.");
  } else {
    const client = new Client({ name: "my-agent", version: "1.0.0" });
    await client.connect(new StreamableHTTPClientTransport(server.url, server.transport()));
    for (const name of ["read", "write"]) {
      const { content } = await client.callTool({ name, arguments: {} });
      console.log(name, JSON.stringify(content));
    }
    await client.close();
    for (const { url, state, scope } of await login.status()) console.log(`${url}: ${state} (${scope})`);
  }
} finally {
  // Also after an error: a refresh that is under way is stored.
  await login.close();
  await store.close();
}
