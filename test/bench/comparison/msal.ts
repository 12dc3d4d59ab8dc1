import { PublicClientApplication, type AccountInfo, type INetworkModule } from "@azure/msal-node";
import { readJson } from "../contenders/clients/fetch-base.ts";
import type { Send, Setting } from "../contenders/clients/client-contender.ts";

const authority = "https://login.example/tenant";
const scopes = ["orders"];

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const idToken = `${encode({ alg: "none" })}.${encode({ iss: authority, sub: "ada", oid: "ada", tid: "tenant", preferred_username: "ada" })}.`;
/** What Microsoft's token endpoint says of the user besides. */
const user = { id_token: idToken, client_info: encode({ uid: "ada", utid: "tenant" }), scope: "orders openid profile offline_access" };

/** Its requests to an authority go to this comparison's token endpoint. */
function network(tokenEndpoint: string, first?: object): INetworkModule {
  let next = first;
  return {
    async sendGetRequestAsync<Answer>() {
      const endpoints = {
        authorization_endpoint: `${authority}/authorize`,
        token_endpoint: `${authority}/token`,
        jwks_uri: `${authority}/keys`,
      };
      return { headers: {}, status: 200, body: { issuer: authority, ...endpoints } as Answer };
    },
    async sendPostRequestAsync<Answer>(_url: string, options?: { body?: string; headers?: Record<string, string> }) {
      if (next !== undefined) {
        const body = { ...next, ...user } as Answer;
        next = undefined;
        return { headers: {}, status: 200, body };
      }
      const response = await fetch(tokenEndpoint, {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: options?.body ?? "",
      });
      const answer = (await response.json()) as object;
      return { headers: {}, status: response.status, body: { ...answer, ...(response.ok ? user : {}) } as Answer };
    },
  };
}

/** As its documentation has it: ask for a token silently before each request. It does not see the API's answers. */
export async function sendWithMsal({ origin, tokenEndpoint, held }: Setting): Promise<Send> {
  const seconds = Math.max(1, Math.round((held.expiresAt - Date.now()) / 1000));
  const first = { access_token: held.accessToken, refresh_token: held.refreshToken, token_type: "Bearer", expires_in: seconds };
  const client = new PublicClientApplication({
    auth: { clientId: "bench", authority, knownAuthorities: ["login.example"] },
    system: { networkClient: network(tokenEndpoint, first) },
  });
  const login = await client.acquireTokenByRefreshToken({ refreshToken: held.refreshToken, scopes, forceCache: true });
  const account = login?.account as AccountInfo;
  return async (path) => {
    const { accessToken } = await client.acquireTokenSilent({ account, scopes });
    return readJson(await fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${accessToken}` } }));
  };
}
