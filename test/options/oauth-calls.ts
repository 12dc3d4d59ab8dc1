import { generateKeyPairSync } from "node:crypto";
import { createTokenCache, memoryStore, readTokenResponse, type TokenSet, type TokenSource } from "@tokenflight/core";
import {
  clientSecretBasic,
  createLogin,
  createOAuthClient,
  discoverMetadata,
  idTokenClaims,
  noClientAuth,
  pendingLogins,
  privateKeyJwt,
  requestJson,
  sharedLogin,
  sharedTurn,
  type OAuthClient,
} from "@tokenflight/oauth";
import { defineProfile } from "@tokenflight/oauth/profiles";
import { installationFrom, talkdesk } from "@tokenflight/oauth/talkdesk";
import type { Calls } from "./call-parts.ts";

const json = (body: unknown): Response => new Response(JSON.stringify(body));

/** What an authorization server answers, by the end of the URL's path. */
async function answer(url: string): Promise<Response> {
  const { pathname } = new URL(url);
  if (pathname.includes("well-known")) {
    return json({
      issuer: "https://login.example.com",
      token_endpoint: "https://login.example.com/token",
      authorization_endpoint: "https://login.example.com/authorize",
    });
  }
  if (pathname === "/device") return json({ device_code: "d", user_code: "WDJB", verification_uri: "https://login.example.com/device" });
  if (pathname === "/par") return json({ request_uri: "urn:r:1" });
  if (pathname === "/introspect") return json({ active: true });
  return json({ access_token: "T1", expires_in: 60 });
}

const endpoints = {
  tokenEndpoint: "https://login.example.com/token",
  authorizationEndpoint: "https://login.example.com/authorize",
  deviceAuthorizationEndpoint: "https://login.example.com/device",
  revocationEndpoint: "https://login.example.com/revoke",
  introspectionEndpoint: "https://login.example.com/introspect",
};

/** Also tells which fields of the requests it sends. */
function client(sent: string[] = []): OAuthClient {
  return createOAuthClient({
    ...endpoints,
    clientId: "id",
    clientAuth: noClientAuth(),
    fetch: (url, init) => {
      sent.push(`${url} ${(init.body as string | undefined) ?? ""} ${Object.keys(init).toSorted().join()}`);
      return answer(url);
    },
  });
}

const context = { signal: new AbortController().signal, urgency: "blocking", reason: "missing" } as const;

async function asked(sourceOf: (client: OAuthClient) => TokenSource, previous?: TokenSet): Promise<unknown> {
  const sent: string[] = [];
  const source = sourceOf(client(sent));
  const response = await source(previous === undefined ? context : { ...context, previous });
  return [sent, { ...response }, source.identity, source.spendsRefreshToken, source.requiresLogin];
}

const previous = (): TokenSet => readTokenResponse({ access_token: "a", refresh_token: "r" }, 0);

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const jwk = privateKey.export({ format: "jwk" });
const pkcs8 = privateKey.export({ format: "der", type: "pkcs8" }).toString("base64");

const eventOf = (type: string, keyId: string): object => ({
  type,
  app_id: "app",
  created_at: "2026-01-01T00:00:00Z",
  data: {
    installation_id: "installation",
    account_id: "account",
    account_name: "acme",
    client_id: `client-${keyId}`,
    client_secret: "secret",
    private_key: pkcs8,
    key_id: keyId,
    key_algorithm: "ES256",
  },
  _links: { root: { href: "https://api.talkdeskapp.com" } },
});

export const oauthCalls: Calls = {
  "oauth: client credentials": () => asked((one) => one.clientCredentials({})),
  "oauth: a refresh token": () => asked((one) => one.refreshToken({}), previous()),
  "oauth: a token exchange": () => asked((one) => one.tokenExchange({ subjectToken: () => "s" })),
  "oauth: a signed assertion": () => asked((one) => one.jwtBearer({ assertion: () => "s" })),
  "oauth: credentials of the moment": () =>
    asked(() =>
      createOAuthClient({
        ...endpoints,
        clientId: "id",
        credentials: () => ({ clientId: "now", clientAuth: noClientAuth() }),
        fetch: answer,
      }).clientCredentials(),
    ),
  "oauth: a token cache over a refresh token": async () => {
    const tokens = createTokenCache({ source: client().refreshToken() });
    await tokens.save({ access_token: "a", refresh_token: "r", expires_at: 1 });
    return (await tokens.get()).accessToken;
  },
  "oauth: an issuer": async () => {
    const sent: string[] = [];
    const found = createOAuthClient({
      issuer: "https://login.example.com",
      clientId: "id",
      clientAuth: noClientAuth(),
      fetch: (url, init) => {
        sent.push(`${url} ${Object.keys(init).toSorted().join()}`);
        return answer(url);
      },
    });
    await found.clientCredentials()(context);
    return sent;
  },
  "oauth: an issuer's metadata": async () => {
    const issuer = "https://login.example.com";
    const sent: string[] = [];
    const fetch = (url: string, init: RequestInit): Promise<Response> => {
      sent.push(`${url} ${Object.keys(init).toSorted().join()}`);
      return answer(url);
    };
    const { metadata } = await discoverMetadata(issuer, { fetch });
    const known = createOAuthClient({ issuer, metadata, clientId: "id", clientAuth: noClientAuth(), fetch });
    await known.clientCredentials()(context);
    return [metadata, sent];
  },
  "oauth: requestJson": async () => {
    const sent: string[] = [];
    const fetch = (url: string, init: RequestInit): Promise<Response> => {
      sent.push(`${url} ${Object.keys(init).toSorted().join()}`);
      return answer(url);
    };
    const { status, fields } = await requestJson({
      fetch,
      url: "https://login.example.com/register",
      title: "registration",
      timeout: 1000,
    });
    return [status, fields, sent];
  },
  "oauth: exchangeCode": async () => {
    const sent: string[] = [];
    return [(await client(sent).exchangeCode({ code: "c", redirectUri: "https://app.example/" })).accessToken, sent];
  },
  "oauth: a login with a browser": async () => {
    const one = client();
    const { url, pending } = await one.authorizationUrl({ redirectUri: "https://app.example/" });
    const parsed = JSON.parse(JSON.stringify(pending)) as typeof pending;
    const tokenSet = await one.exchangeCallback(`/?code=c&state=${pending.state}`, parsed, {});
    return [[...new URL(url).searchParams.keys()], Object.keys(pending), tokenSet.accessToken, tokenSet.scope];
  },
  "oauth: a login whose request is pushed": async () => {
    const sent: string[] = [];
    const fetch = (url: string, init: RequestInit): Promise<Response> => {
      sent.push([...new URLSearchParams(init.body as string).keys()].join());
      return answer(url);
    };
    const pushedAuthorizationRequestEndpoint = "https://login.example.com/par";
    const options = { ...endpoints, pushedAuthorizationRequestEndpoint, pushAuthorizationRequests: true, clientId: "id" };
    const { url } = await createOAuthClient({ ...options, clientAuth: noClientAuth(), fetch }).authorizationUrl({
      redirectUri: "https://app.example/",
    });
    return [url, sent];
  },
  "oauth: a shared login": async () => {
    const store = memoryStore();
    const login = createLogin({ client: client(), store, key: "ada" });
    const logIn = async (): Promise<TokenSet> => previous();
    const { accessToken } = await sharedLogin(store, "ada", logIn, { tokens: login });
    const again = await sharedLogin(store, "ada", logIn, { tokens: login.for() });
    return [accessToken, again.accessToken];
  },
  "oauth: what is done in turns": () =>
    sharedTurn(memoryStore(), "registration", "ada", {
      find: async () => undefined,
      make: async () => "made",
      keep: async (made) => `${made} and kept`,
    }),
  "oauth: a login on another device": async () => {
    const sent: string[] = [];
    const clock = { monotonic: () => 0, schedule: (callback: () => void) => (queueMicrotask(callback), () => {}) };
    return [(await client(sent).deviceLogin({ show: () => {}, clock })).accessToken, sent];
  },
  "oauth: revoke and introspect": async () => {
    const sent: string[] = [];
    await client(sent).revoke(previous(), {});
    return [(await client(sent).introspect("token", {})).active, sent];
  },
  "oauth: pending logins": async () => {
    const one = client();
    const logins = pendingLogins(memoryStore());
    const { pending } = await one.authorizationUrl({ redirectUri: "https://app.example/" });
    await logins.keep("ada", pending);
    return Object.keys(await logins.take("ada", `/?code=c&state=${pending.state}`));
  },
  "oauth: idTokenClaims": async () => {
    const idToken = `e30.${btoa('{"sub":"ada"}')}.`;
    return { ...idTokenClaims(readTokenResponse({ access_token: "a", id_token: idToken }, 0)) };
  },
  "oauth: clientSecretBasic": async () => {
    const headers = new Headers();
    await clientSecretBasic("sec:ret", {})({} as never, { client_id: "id" }, new URLSearchParams(), headers);
    return [...headers];
  },
  "oauth: privateKeyJwt": async () => {
    const body = new URLSearchParams();
    const auth = privateKeyJwt({ key: jwk as JsonWebKey, alg: "ES256" });
    await auth({ issuer: "https://login.example.com" }, { client_id: "id" }, body, new Headers());
    const [header] = body.get("client_assertion")?.split(".") ?? [];
    return [[...body.keys()], JSON.parse(atob(header ?? ""))];
  },
  "oauth: defineProfile": () => {
    const { basic: _, ...parts } = defineProfile({ name: "mine" });
    return parts;
  },
  "oauth: talkdesk": () => {
    const { oauth, adapter, apiOrigin } = talkdesk({ account: "acme" });
    return { oauth, adapter, apiOrigin };
  },
  "oauth: an installation of Talkdesk's": async () => {
    const installation = installationFrom(eventOf("app.installed", "k1"), {});
    const { oauth, id } = installation;
    const rotated = installation.rotate(eventOf("app.credentials_rotated", "k2"), {});
    const sets = (await oauth.credentials()) as readonly { clientId: string }[];
    return [oauth.tokenEndpoint, oauth.authorizationEndpoint, id, rotated, sets.map(({ clientId }) => clientId)];
  },
};
