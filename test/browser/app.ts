import { randomUUID } from "node:crypto";
import { createOAuthClient, noClientAuth } from "@tokenflight/oauth";
import { nativeClient } from "../oauth/native-client.ts";
import { startAuthorizationServer, type AuthorizationServer } from "../servers/authorization-server.ts";
import type { Loopback } from "../servers/loopback.ts";
import { startResourceApi, type ResourceApi } from "../servers/resource-api.ts";
import { withCors } from "./cors.ts";
import type { TabOptions } from "./pages/tab.ts";

/** An authorization server and an API as an application in a browser has them: at other origins than its pages. */
export interface App extends AsyncDisposable {
  readonly server: AuthorizationServer;
  readonly api: ResourceApi;
  /**
   * What a tab starts with; of each call, another database. In the ordinary run a store may take longer than by default: a machine that is busy with other
   * tests does not always give a browser a second in time.
   */
  options(): TabOptions;
  /** A refresh token of a new login. */
  logIn(): Promise<string>;
}

export async function startApp({ accessTokenLifetime = 2, rotate = "always" as "always" | "never" } = {}): Promise<App> {
  const server = await startAuthorizationServer({ accessTokenLifetime, rotate, clients: [nativeClient] });
  const api = await startResourceApi({ isActive: (token) => server.isActive(token), record: false });
  const [login, resources] = (await Promise.all([withCors(server), withCors(api)])) as [Loopback, Loopback];
  const client = createOAuthClient({ issuer: server.issuer, clientId: nativeClient.clientId, clientAuth: noClientAuth() });
  let databases = 0;
  return {
    server,
    api,
    options: () => ({
      tokenEndpoint: `${login.origin}/token`,
      clientId: nativeClient.clientId,
      api: resources.origin,
      store: `app-${(databases += 1)}-${randomUUID()}`,
    }),
    async logIn() {
      const { refreshToken } = await client.exchangeCode(await server.login());
      return refreshToken as string;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([login.close(), resources.close(), api.close(), server.close()]);
    },
  };
}
