import { OAuth2Client as BadgatewayClient } from "@badgateway/oauth2-client";
import { auth, refreshAuthorization } from "@modelcontextprotocol/sdk/client/auth.js";
import { gaxios, OAuth2Client as GoogleClient } from "google-auth-library";
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";
import { FileProvider } from "./file-provider.ts";

/** How a client authenticates: each is registered under the name of its way. */
export type ClientWay = "client_secret_basic" | "client_secret_post" | "none";

export const clientSecret = "a-secret_of-the.client";

/** What one use of a library is given. */
export interface Use {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly refreshToken: string;
  readonly fetch: typeof fetch;
  /** A file of this caller's own. */
  readonly file: string;
}

export interface Refreshed {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
}

/** A library that refreshes tokens, as its users call it. */
export interface Library {
  readonly name: string;
  readonly client: ClientWay;
  /** Whether its users get the new refresh token. Default true. */
  readonly rotates?: boolean;
  /** Rejects when there are no tokens. */
  refresh(use: Use): Promise<Refreshed>;
}

type Authorize = (provider: FileProvider, options: { serverUrl: string; fetchFn: typeof fetch }) => Promise<string>;

/** Its types need sources of others, which its own dependencies have under the condition `source`. */
const secondSdk: string = "@modelcontextprotocol/client";

export const libraries: readonly Library[] = [
  {
    name: "openid-client",
    client: "client_secret_basic",
    async refresh({ issuer, tokenEndpoint, refreshToken, fetch }) {
      const authentication = openid.ClientSecretBasic(clientSecret);
      const configuration = new openid.Configuration(
        { issuer, token_endpoint: tokenEndpoint },
        "client_secret_basic",
        clientSecret,
        authentication,
      );
      configuration[openid.customFetch] = (url, options) => fetch(url, options as RequestInit);
      openid.allowInsecureRequests(configuration);
      const tokens = await openid.refreshTokenGrant(configuration, refreshToken);
      return { accessToken: tokens.access_token, refreshToken: tokens.refresh_token };
    },
  },
  {
    name: "oauth4webapi",
    client: "client_secret_post",
    async refresh({ issuer, tokenEndpoint, refreshToken, fetch }) {
      const [server, client] = [{ issuer, token_endpoint: tokenEndpoint }, { client_id: "client_secret_post" }];
      const options = { [oauth.customFetch]: fetch, [oauth.allowInsecureRequests]: true };
      const response = await oauth.refreshTokenGrantRequest(server, client, oauth.ClientSecretPost(clientSecret), refreshToken, options);
      const tokens = await oauth.processRefreshTokenResponse(server, client, response);
      return { accessToken: tokens.access_token, refreshToken: tokens.refresh_token };
    },
  },
  {
    name: "@badgateway/oauth2-client",
    client: "client_secret_basic",
    async refresh({ issuer, tokenEndpoint, refreshToken, fetch }) {
      const client = new BadgatewayClient({ server: issuer, tokenEndpoint, clientId: "client_secret_basic", clientSecret, fetch });
      const tokens = await client.refreshToken({ accessToken: "", expiresAt: null, refreshToken });
      return { accessToken: tokens.accessToken, refreshToken: tokens.refreshToken ?? undefined };
    },
  },
  {
    name: "google-auth-library",
    client: "client_secret_post",
    rotates: false,
    async refresh({ tokenEndpoint, refreshToken, fetch }) {
      const transporter = new gaxios.Gaxios({ fetchImplementation: fetch as never, retry: false });
      const endpoints = { oauth2TokenUrl: tokenEndpoint };
      const client = new GoogleClient({ clientId: "client_secret_post", clientSecret, endpoints, transporter });
      client.setCredentials({ refresh_token: refreshToken });
      const { credentials } = await client.refreshAccessToken();
      return { accessToken: credentials.access_token ?? "", refreshToken: credentials.refresh_token ?? undefined };
    },
  },
  {
    name: "MCP SDK 1, refreshAuthorization",
    client: "none",
    async refresh({ issuer, refreshToken, fetch }) {
      const tokens = await refreshAuthorization(issuer, { clientInformation: { client_id: "none" }, refreshToken, fetchFn: fetch });
      return { accessToken: tokens.access_token, refreshToken: tokens.refresh_token };
    },
  },
  {
    name: "MCP SDK 1 with a file",
    client: "none",
    refresh: (use) => withFile(use, (provider) => auth(provider as never, { serverUrl: use.issuer, fetchFn: use.fetch })),
  },
  {
    name: "MCP SDK 2 with a file",
    client: "none",
    async refresh(use) {
      const { auth } = (await import(secondSdk)) as { auth: Authorize };
      return withFile(use, (provider) => auth(provider, { serverUrl: use.issuer, fetchFn: use.fetch }));
    },
  },
];

async function withFile({ file, refreshToken }: Use, authorize: (provider: FileProvider) => Promise<string>): Promise<Refreshed> {
  const provider = new FileProvider(file, "none");
  provider.saveTokens({ access_token: "over", token_type: "Bearer", refresh_token: refreshToken });
  const end = await authorize(provider);
  const tokens = provider.tokens();
  if (end !== "AUTHORIZED" || provider.browsers > 0 || tokens === undefined) throw new Error("A browser would be opened.");
  return { accessToken: tokens.access_token, refreshToken: tokens.refresh_token };
}
