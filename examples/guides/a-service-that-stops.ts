import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createTokenPool } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { sqliteStore } from "@tokenflight/sqlite";

const { ISSUER = "", CLIENT_ID = "", CLIENT_SECRET = "", API_ORIGIN = "", TOKENS = "tokens.db" } = process.env;

const client = createOAuthClient({ issuer: ISSUER, clientId: CLIENT_ID, clientAuth: clientSecretBasic(CLIENT_SECRET) });
const store = sqliteStore({ path: TOKENS });
const users = createTokenPool({ source: () => client.refreshToken(), store });

const server = createServer(async ({ url = "/" }, response) => {
  // For trying it out. In your service the session says who the user is.
  const user = new URL(url, "http://localhost").searchParams.get("user") ?? "nobody";
  try {
    const { status } = await bearer(users.for(user), { origins: API_ORIGIN })(fetch)(`${API_ORIGIN}/orders`);
    response.end(`The API answered ${status}.\n`);
  } catch (error) {
    response.writeHead(500).end(`${String(error)}\n`);
  }
});
server.listen(0, "127.0.0.1", () => console.log(`Listening on port ${(server.address() as AddressInfo).port}`));

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, () => {
    // No new requests; those under way are answered first.
    server.close(async () => {
      await users.close(); // token requests under way end, and what they brought is stored
      await store.close();
    });
    setInterval(() => server.closeIdleConnections(), 100).unref();
  });
}
