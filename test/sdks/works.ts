/** A library or host that works as it is, in the order of the page. */
export interface Works {
  /** Its file in `libraries` or `hosts`. */
  readonly file: string;
  readonly title: string;
  readonly package: string;
  /** Where our function goes. */
  readonly seam: string;
  /** What is to be known besides; undefined for nothing. */
  readonly note?: string;
}

/** Takes a fetch function for an API. */
export const libraries: readonly Works[] = [
  { file: "octokit", title: "Octokit", package: "octokit", seam: "`request.fetch`" },
  {
    file: "googleapis",
    title: "googleapis",
    package: "@googleapis/drive",
    seam: "`fetchImplementation`",
    note: "Each API of `googleapis` is a package of its own, `@googleapis/drive` among them, of the same make; that one is tried. Give no `auth`: google-auth-library would put its own token on, which wins. A program that has `gaxios` gives it `fetchImplementation` as well.",
  },
  {
    file: "slack",
    title: "@slack/web-api",
    package: "@slack/web-api",
    seam: "`fetch`",
    note: "Give no token to the constructor: it would be the request's own. `slackApiUrl` is for the test; Slack's own origin is `https://slack.com`.",
  },
  {
    file: "google-genai",
    title: "@google/genai",
    package: "@google/genai",
    seam: "`httpOptions.fetch`",
    note: "It does not start without a key, and sends that in `x-goog-api-key`. The placeholder takes that field off; with the real key there, both would be sent.",
  },
  {
    file: "openai",
    title: "openai",
    package: "openai",
    seam: "`fetch`",
    note: "It does not start without a key, which would be the request's own credential and win. The placeholder is one that counts as none.",
  },
  {
    file: "anthropic",
    title: "@anthropic-ai/sdk",
    package: "@anthropic-ai/sdk",
    seam: "`fetch`",
    note: "The same, with `authToken`, which is sent as `Bearer`; `apiKey: null` keeps it from the environment's key.",
  },
  {
    file: "stripe",
    title: "stripe",
    package: "stripe",
    seam: "`httpClient`",
    note: "The same. `address` is protocol, host and port, where they are not Stripe's own.",
  },
  { file: "openapi-fetch", title: "openapi-fetch", package: "openapi-fetch", seam: "`fetch`" },
  {
    file: "hey-api",
    title: "hey-api",
    package: "@hey-api/openapi-ts",
    seam: "`client.setConfig({ fetch })`",
    note: "`client` and `createOrder` are what it has generated. The generator itself does not load beside TypeScript 7, which has no compiler in JavaScript: install TypeScript 6 for it.",
  },
];

/** Is a client of MCP servers. */
export const hosts: readonly Works[] = [
  { file: "sdk-1", title: "MCP SDK 1", package: "@modelcontextprotocol/sdk", seam: "`fetch` of the transport" },
  {
    file: "sdk-2",
    title: "MCP SDK 2",
    package: "@modelcontextprotocol/client",
    seam: "`fetch` and `authProvider` of the transport",
    note: "`authProvider` adds nothing but this: the errors of logins reach the program as they are.",
  },
  { file: "ai-sdk", title: "@ai-sdk/mcp", package: "@ai-sdk/mcp", seam: "`transport.fetch`" },
  { file: "openai-agents", title: "@openai/agents-core", package: "@openai/agents-core", seam: "`fetch`" },
  { file: "mastra", title: "@mastra/mcp", package: "@mastra/mcp", seam: "`fetch` of a server" },
  {
    file: "langchain",
    title: "@langchain/mcp-adapters",
    package: "@langchain/mcp-adapters",
    seam: "`authProvider`",
    note: "It takes no fetch function, and so SDK 1 beneath it answers each refused request with a token request of its own, one after the other: no refresh token is sent twice, but calls that are refused at once cost a refresh each, and a tool that wants more scope does not get it. A call whose refusal comes while another one is sent again with its new token fails with `Server returned 401 after successful authentication`: SDK 1 takes it for a new token that was refused. Tokens that expire are renewed before a call, and meet none of this.",
  },
];
