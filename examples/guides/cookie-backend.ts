import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { refreshOnce } from "@tokenflight/refresh-once";
import { sqliteStore } from "@tokenflight/sqlite";

const { TOKEN_ENDPOINT = "", CLIENT_ID = "", CLIENT_SECRET = "", REFRESHES = "refreshes.db" } = process.env;

const store = sqliteStore({ path: REFRESHES });
const once = refreshOnce({ store })(fetch);

/** Any request: its cookie has a refresh token. The answer has an access token, and its cookie the refresh token that comes next. */
const server = createServer(async ({ headers }, response) => {
  try {
    const [, cookie] = /(?:^|; *)refresh=([^;]*)/.exec(headers.cookie ?? "") ?? [];
    if (cookie === undefined) return void response.writeHead(401).end();
    const fields = { grant_type: "refresh_token", refresh_token: decodeURIComponent(cookie) };
    const body = new URLSearchParams({ ...fields, client_id: CLIENT_ID, client_secret: CLIENT_SECRET });
    const answer = await once(TOKEN_ENDPOINT, { method: "POST", body });
    const { access_token, refresh_token } = (await answer.json()) as { access_token?: string; refresh_token?: string };
    if (refresh_token !== undefined)
      response.setHeader("set-cookie", `refresh=${encodeURIComponent(refresh_token)}; HttpOnly; Secure; SameSite=Strict`);
    response
      .writeHead(answer.status, { "content-type": "application/json", "cache-control": "no-store" })
      .end(JSON.stringify({ access_token }));
  } catch {
    // The store or the token endpoint is away. The cookie stays, and the page asks again.
    response.writeHead(503).end();
  }
});
server.listen(0, "127.0.0.1", () => console.log(`Listening on port ${(server.address() as AddressInfo).port}`));

process.once("SIGTERM", () => server.close(() => void store.close()));
