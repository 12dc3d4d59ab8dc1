/**
 * What parts of programs leave out. A block whose first line names no file is a part: it may use these names without declaring them, what other blocks of its
 * page import or export, and every function that one package of ours alone exports. Anything else that is not declared does not compile.
 */

import type { Block } from "./blocks.ts";

const from = (module: string, type: string): string => `import("${module}").${type}`;
const core = (type: string): string => from("@tokenflight/core", type);
const oauth = (type: string): string => from("@tokenflight/oauth", type);

/** A line for each name: the type of a constant, or a statement that declares it. */
type Names = Readonly<Record<string, string>>;

/** In all pages and docstrings. */
const everywhere: Names = {
  // Of ours, made as the pages say elsewhere.
  client: oauth("OAuthClient"),
  login: oauth("Login"),
  pending: oauth("PendingLogin"),
  refused: core("TokenSet"),
  response: core("TokenResponse"),
  source: core("TokenSource"),
  store: core("TokenStore"),
  tokens: core("ClosableTokenCache"),
  myStore: `() => ${core("TokenStore")}`,

  // What a program was given when it was registered.
  clientAuth: oauth("ClientAuth"),
  clientId: "string",
  clientSecret: "string",
  issuer: "string",
  redirectUri: "string",
  refresh_token: "string",
  refreshToken: "string",
  secret: "string",

  // Of the program's own.
  body: "string",
  cacheOf: `(user: unknown) => ${core("TokenCache")} | undefined`,
  cookie: "string",
  event: "unknown",
  fetchWithCertificate: oauth("FetchFunction"),
  grant: from("@tokenflight/mcp", "Grant"),
  invoices: "string",
  metrics: "{ record(name: string, milliseconds: number): void }",
  once: "typeof fetch",
  orders: "string",
  prefix: "string",
  renewAtTheLegacyServer:
    "(refreshToken: string, options: { signal: AbortSignal }) => Promise<{ status: number; token: string; next: string }>",
  request: "{ readonly url: string }",
  sendToLogin: "() => Promise<never>",
  session: `{ pending: ${oauth("PendingLogin")} }`,
  sessionId: "string",
  user: "string",
  CLIENT_ID: "string",
  CLIENT_SECRET: "string",
  DATABASE_URL: "string",
  DOCUMENT_URL: "string",
  ISSUER: "string",
  TOKEN_ENDPOINT: "string",
  TOKEN_FILE: "string",

  // Clients and what goes with them.
  api: from("axios", "AxiosInstance"),
  invoicesApi: from("axios", "AxiosInstance"),
  ordersApi: from("axios", "AxiosInstance"),
  axios: 'import axios from "axios";',
  got: 'import got from "got";',
  ky: 'import ky from "ky";',
  setupCache: 'import { setupCache } from "axios-cache-interceptor";',
  mcpClient: from("@modelcontextprotocol/sdk/client/index.js", "Client"),
  Redis: 'import { Redis } from "ioredis";',
  StreamableHTTPClientTransport: 'import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";',
};

/** In one page or source file, in place of what they mean elsewhere. */
const inPage: Readonly<Record<string, Names>> = {
  "docs/guides/mcp.md": {
    client: from("@tokenflight/mcp", "McpClientOptions"),
    createMcpLogin: 'import { createMcpLogin } from "@tokenflight/mcp";',
    idTokenOfTheUser: "() => Promise<string>",
    IDP: "string",
  },
  "docs/guides/nestjs.md": { API_ORIGIN: "string" },
  "docs/guides/refreshes-of-other-code.md": { issuer: "URL" },
  "docs/works-as-it-is.md": {
    address: '{ host: string; port: string; protocol: "http" | "https" }',
    // What @hey-api/openapi-ts and openapi-typescript make of a description.
    client: "{ setConfig(config: { baseUrl: string; fetch: typeof fetch }): void }",
    createOrder: "(options: { body: { item: string } }) => Promise<{ data: unknown }>",
    paths:
      'interface paths { "/orders": { post: { requestBody: { content: { "application/json": { item: string } } }; responses: { 200: { content: { "application/json": unknown } } } } } }',
    origin: "string",
    server: from("@tokenflight/mcp", "McpServer"),
  },
  "packages/browser/src/login/login-by-popup.ts": { button: "HTMLButtonElement" },
  "packages/got/README.md": { api: from("got", "Got"), file: "string", API_ORIGIN: "string" },
  "packages/mcp/README.md": { client: from("@modelcontextprotocol/sdk/client/index.js", "Client") },
  "packages/undici/src/bearer.ts": { Agent: 'import { Agent } from "undici";', request: 'import { request } from "undici";' },
};

/** Programs that another compiler checks, each with what does so. */
const compiledElsewhere: readonly { readonly folder: string; readonly by: string }[] = [
  { folder: "examples/guides/nextjs/", by: "`next build`, in the test of the guide (test/packaging/runtimes/next.ts)" },
];

export function isCompiledElsewhere({ name = "" }: Block): boolean {
  return compiledElsewhere.some(({ folder }) => name.startsWith(folder));
}

/** Whether a block is for a browser: it has the types of the DOM then, and not those of Node. */
export function isForBrowsers({ page, text }: Block): boolean {
  return (
    page.startsWith("packages/browser/") || /\bimport\.meta\.env\b|"@tokenflight\/browser"|\b(?:document|history|location)\./.test(text)
  );
}

/** What an ES module can say and a CommonJS module cannot, in the words of the compiler, each with its reason. */
export const onlyInModules: readonly { readonly page: string; readonly complaint: RegExp; readonly reason: string }[] = [
  {
    page: "docs/works-as-it-is.md",
    complaint: /'Stripe' only refers to a type/,
    reason: "stripe's declarations for CommonJS have the class as their default export only",
  },
];

/** What stands beside the files of a page whose program imports it, unless the page shows it itself. */
export const beside: Readonly<Record<string, string>> = {
  "tokens.ts": `export declare const tokens: ${core("TokenCache")};\n`,
};

/** The statement that declares a name, in this page or everywhere. */
export function declarationOf(page: string | undefined, name: string): string | undefined {
  const names = page === undefined ? everywhere : (inPage[page] ?? {});
  if (!Object.hasOwn(names, name)) return undefined;
  const said = names[name] as string;
  return /^(?:import|interface) .*[;}]$/.test(said) ? said : `declare const ${name}: ${said};`;
}
