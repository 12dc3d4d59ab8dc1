/** What is compiled in each setting: the programs of the first pages, and a small program for each package with everything that it may be imported from. */
import { readmePrograms } from "../readme-programs.ts";

/** A client that is published as ES modules only is imported by a CommonJS program in this way. */
const late: Record<"module" | "commonjs", (name: string) => string> = {
  module: (name) => `import client from "${name}";`,
  commonjs: (name) => `const { default: client } = await import("${name}");`,
};

const source = `import { createTokenCache } from "@tokenflight/core";
const tokens = createTokenCache({ source: async () => ({ access_token: "a", expires_in: 60 }) });
const origins = "https://api.example";`;

type Make = (project: "module" | "commonjs") => string;

const perPackage: Readonly<Record<string, Make>> = {
  axios: () => `import { attachBearer } from "@tokenflight/axios";
import axios from "axios";
${source}
attachBearer(axios.create({ baseURL: origins }), tokens);
attachBearer(axios, (config) => (config.url === "/" ? tokens : undefined), { origins, refused: (response) => response.status === 401 });`,
  browser: () => `import { connectTokens, encryptionKey, indexedDbStore, loginByRedirect, sessionSource } from "@tokenflight/browser";
import { createTokenCache } from "@tokenflight/core";
import { createOAuthClient, noClientAuth } from "@tokenflight/oauth";
const client = createOAuthClient({ issuer: "https://login.example", clientId: "id", clientAuth: noClientAuth() });
const store = indexedDbStore({ name: "app" });
const fallback = () => createTokenCache({ source: client.refreshToken(), store, key: "user" });
const tokens = connectTokens({ worker: "/worker.js", registration: { scope: "/" }, fallback, client });
const request = { redirectUri: "https://app.example/", scope: "openid", parameters: { prompt: "login" } };
const logins = [loginByRedirect(client, request), loginByRedirect(tokens.client, request)];
const alone = connectTokens({ worker: "/worker.js", fallback });
logins.push(loginByRedirect(alone.client, { redirectUri: "https://app.example/", scope: "openid" }));
const session = createTokenCache({ source: sessionSource({ refresh: ({ signal }) => fetch("/refresh", { signal }) }), store, key: "session" });
export { encryptionKey, logins, session };`,
  core: () => `import { createTokenPool, encryptedStore, LoginRequiredError, memoryStore, TokenSet, type TokenStore } from "@tokenflight/core";
import { fetchWithToken } from "@tokenflight/core/fetch";
import { storeContract } from "@tokenflight/core/testing";
${source}
const key = await crypto.subtle.importKey("raw", new Uint8Array(32), "AES-GCM", false, ["encrypt", "decrypt"]);
const store: TokenStore = encryptedStore(memoryStore(), { keys: [{ id: "1", key }] });
const pool = createTokenPool({ source: () => async () => ({ access_token: "a" }), store });
const given: TokenSet = await pool.for("a").get();
await tokens.close();
export { fetchWithToken, given, LoginRequiredError, storeContract };`,
  fetch: () => `import { bearer } from "@tokenflight/fetch";
${source}
const answer: Response = await bearer(tokens, { origins })(fetch)(origins);
export { answer };`,
  got: (project) => `import { bearer } from "@tokenflight/got";
${source}
${late[project]("got")}
const answer: { ok: boolean } = await client.extend(bearer(tokens, { origins })).get(origins).json();
export { answer };`,
  ky: (project) => `import { bearer } from "@tokenflight/ky";
${source}
${late[project]("ky")}
const answer: { ok: boolean } = await client.create({ prefix: origins }).extend(bearer(tokens)).get("a").json();
export { answer };`,
  mcp: () => `import { createMcpLogin, McpServerError, type McpServer } from "@tokenflight/mcp";
import { createMcpLogin as inNode } from "@tokenflight/mcp/node";
import { memoryStore } from "@tokenflight/core";
const options = { store: memoryStore(), client: { name: "a program" } };
const server: McpServer = createMcpLogin(options).for("https://mcp.example/mcp");
const answer: Response = await server.fetch(server.url, { method: "POST", body: "{}" });
const login = inNode({ ...options, onLogin: ({ url }) => url.length });
await login.close();
export { answer, McpServerError };`,
  oauth: () => `import { createLogin, createOAuthClient, privateKeyJwt, type ClientAuth, type SigningKey } from "@tokenflight/oauth";
import { loopbackLogin } from "@tokenflight/oauth/node";
import { google } from "@tokenflight/oauth/profiles";
import { talkdesk } from "@tokenflight/oauth/talkdesk";
const key = { kty: "EC", crv: "P-256", d: "d", x: "x", y: "y" } satisfies SigningKey;
const clientAuth: ClientAuth = privateKeyJwt({ key, alg: "ES256" });
const client = createOAuthClient({ issuer: "https://login.example", clientId: "id", clientAuth });
const login = createLogin({ client });
await login.close();
export { google, loopbackLogin, talkdesk };`,
  redis: () => `import { redisStore } from "@tokenflight/redis";
import { Redis } from "ioredis";
import { createClient } from "redis";
const stores = [redisStore({ client: new Redis() }), redisStore({ client: createClient() })];
await stores[0]?.close();
export { stores };`,
  "refresh-once": () => `import { memoryStore } from "@tokenflight/core";
import { refreshOnce, type RefreshOnceEvent } from "@tokenflight/refresh-once";
const events: RefreshOnceEvent[] = [];
const once = refreshOnce({ store: memoryStore(), keep: 3600, observe: (event) => void events.push(event) })(fetch);
const answer: Response = await once("https://login.example/token", { method: "POST" });
export { answer, events };`,
  sqlite: () => `import { sqliteStore } from "@tokenflight/sqlite";
const store = sqliteStore({ path: "tokens.db" });
await store.close();
export { store };`,
  undici: () => `import { bearer } from "@tokenflight/undici";
import { Agent } from "undici";
${source}
const { body } = await new Agent().compose(bearer(tokens, { origins })).request({ origin: origins, path: "/", method: "GET" });
export { body };`,
};

/** CommonJS has no `await` outside of functions. */
function inFunction(text: string): string {
  if (!/\bawait\b/.test(text)) return text;
  const imports = text.match(/^import [^;]*;.*$/gm) ?? [];
  const rest = imports.reduce((left, one) => left.replace(one, ""), text).replaceAll(/^export \{([^}]*)\};$/gm, "void [$1];");
  return `${imports.join("\n")}\nexport async function main(): Promise<void> {\n${rest}\n}\n`;
}

/** The files of a program in this kind of project, by their names without an ending: "page/…" is of the first pages, any other is named after its package. */
export function programsFor(project: "module" | "commonjs"): ReadonlyMap<string, string> {
  const page = [...readmePrograms]
    // A static import of got or ky is not for CommonJS.
    .filter(([name]) => project === "module" || !/got|ky/.test(name))
    .map(([name, text]) => [`page/${name.replace(/\.ts$/, "")}`, text.replaceAll(/(from "\.\/[^"]+)\.ts"/g, '$1.js"')] as const);
  const own = Object.entries(perPackage).map(([name, make]) => [name, make(project)] as const);
  return new Map([...page, ...own].map(([name, text]) => [name, project === "module" ? text : inFunction(text)]));
}
