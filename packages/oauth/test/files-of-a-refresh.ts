/** Prints, as JSON, the files of oauth's sources in which a function runs during one successful refresh-token request. */
import { createServer } from "node:http";
import { Session } from "node:inspector/promises";
import type { AddressInfo } from "node:net";
import { readTokenResponse } from "@tokenflight/core";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";

const server = createServer((request, response) => {
  request.resume();
  response.writeHead(200, { "content-type": "application/json" }).end('{"access_token":"a2","refresh_token":"r2","expires_in":60}');
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

const tokenEndpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
const source = createOAuthClient({ tokenEndpoint, clientId: "id", clientAuth: clientSecretBasic("secret") }).refreshToken();
const previous = readTokenResponse({ access_token: "a1", refresh_token: "r1" }, 0);

const session = new Session();
session.connect();
await session.post("Profiler.enable");
await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
await source({ previous, signal: new AbortController().signal, urgency: "blocking", reason: "expired" });
const { result } = await session.post("Profiler.takePreciseCoverage");

const root = new URL("../src/", import.meta.url).href;
/** A module itself is a function from the file's first character on, and runs when it is loaded. */
const ran = (functions: (typeof result)[number]["functions"]): boolean =>
  functions.some(({ ranges: [range] }) => range !== undefined && range.count > 0 && range.startOffset > 0);
console.log(JSON.stringify(result.flatMap(({ url, functions }) => (url.startsWith(root) && ran(functions) ? url.slice(root.length) : []))));
server.close();
