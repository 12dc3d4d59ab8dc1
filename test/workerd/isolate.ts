import { setTimeout as sleep } from "node:timers/promises";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { startAuthorizationServer, type AuthorizationServer } from "../servers/authorization-server.ts";
import { startResourceApi, type ResourceApi } from "../servers/resource-api.ts";
import type { CallOptions, WorkerAnswer, WorkerSetting } from "./setting.ts";
import { startWorker, type Compatibility, type TestWorker } from "./start-worker.ts";

/** How a request to the worker ended, and after how many milliseconds. */
export interface Ended {
  readonly answer: WorkerAnswer | { readonly hangs: true } | { readonly broken: string };
  readonly ms: number;
}

/** A worker with its token server and its API. */
export interface Isolate extends AsyncDisposable {
  readonly grant: WorkerSetting["grant"];
  readonly server: AuthorizationServer;
  readonly api: ResourceApi;
  readonly worker: TestWorker;
  /** Logs a user in and gives the worker the tokens. */
  logIn(user?: string): Promise<void>;
  /** One request to the worker, in which it calls the API. `signal` closes the socket. */
  call(options?: CallOptions & { readonly signal?: AbortSignal }): Promise<Ended>;
  /** Token requests that reached the server. */
  readonly tokenRequests: () => number;
  /** Ends every access token that the API has seen. */
  revokeAccessTokens(): void;
  /**
   * Lets the time of day go on by so many seconds at once, as the worker's caches see it, once a second has passed by every clock: for that long
   * a new token set is as good as it gets.
   */
  skip(seconds: number): Promise<void>;
  readonly events: () => Promise<unknown>;
}

export type IsolateOptions = Pick<WorkerSetting, "grant"> &
  Partial<Pick<WorkerSetting, "scope" | "issuer" | "keepAlive" | "requestTimeout" | "queue">> & {
    readonly compatibility?: Compatibility;
    /** The token server. Default: one of its own. */
    readonly server?: AuthorizationServer;
  };

/** Seconds that access tokens live. They are refreshed ahead from the 360th on, and not sent after the 570th. */
const lifetime = 600;
/** A request to the worker that is not over by then hangs. */
const longest = 9000;

export async function startIsolate({ compatibility, server: shared, ...given }: IsolateOptions): Promise<Isolate> {
  const server = shared ?? (await startAuthorizationServer({ accessTokenLifetime: lifetime }));
  const api = await startResourceApi({ isActive: (token) => server.isActive(token) });
  const { tokenEndpoint, client } = server;
  const { clientId, clientSecret } = client;
  const setting = { tokenEndpoint, clientId, clientSecret, api: api.origin, scope: "cache", requestTimeout: 2, ...given } as const;
  const worker = await startWorker(setting, compatibility);
  const oauth = createOAuthClient({ tokenEndpoint, clientId, clientAuth: clientSecretBasic(clientSecret) });

  return {
    grant: given.grant,
    server,
    api,
    worker,
    async logIn(user = "somebody") {
      const { accessToken, refreshToken, expiresAt = 0 } = await oauth.exchangeCode(await server.login());
      const expiresIn = Math.round((expiresAt - Date.now()) / 1000);
      const body = JSON.stringify({ access_token: accessToken, refresh_token: refreshToken, expires_in: expiresIn });
      await fetch(`${worker.origin}/save?user=${user}`, { method: "POST", body });
    },
    async call({ signal, ...options } = {}) {
      const query = new URLSearchParams(Object.entries(options).flatMap(([name, value]) => (value ? [[name, String(value)]] : [])));
      const limit = AbortSignal.timeout(longest);
      const started = performance.now();
      const answer = await fetch(`${worker.origin}/call?${query}`, { signal: AbortSignal.any([limit, ...(signal ? [signal] : [])]) })
        .then(async (response) => (response.ok ? ((await response.json()) as WorkerAnswer) : { broken: await response.text() }))
        .catch((error: unknown) => (limit.aborted ? ({ hangs: true } as const) : { broken: String(error) }));
      return { answer, ms: Math.round(performance.now() - started) };
    },
    tokenRequests: () => server.requests.filter(({ grantType }) => grantType !== "authorization_code").length,
    revokeAccessTokens() {
      for (const { authorization = "" } of api.requests) server.revokeAccessToken(authorization.slice("Bearer ".length));
    },
    async skip(seconds) {
      await sleep(1100);
      await fetch(`${worker.origin}/skip?ms=${seconds * 1000}`);
    },
    events: async () => (await fetch(`${worker.origin}/events`)).json(),
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await api.close();
      await server.close();
    },
  };
}
