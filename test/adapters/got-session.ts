import { toTokenResponse, type BearerOptions, type TokenCache, type TokenCacheSelector } from "@tokenflight/core";
import { bearer } from "@tokenflight/got";
import got, { type ExtendOptions, type Got, type NormalizedOptions, type PlainResponse, type RequestError } from "got";
import { startSession, type Session, type SessionOptions } from "../end-to-end/session.ts";

/** A session and a got instance on it, which retries nothing by itself. */
export interface GotSession extends Session {
  readonly client: Got;
  /** Ends the access token: the next request that has it is refused. */
  readonly revoke: () => Promise<void>;
  /** What the API got, without the parts that differ each time. */
  readonly seen: () => string[];
}

export interface GotSessionOptions extends SessionOptions {
  /** What the instance is made of before the tokens come in. */
  got?: ExtendOptions;
  /** And after. */
  child?: ExtendOptions;
  bearer?: BearerOptions<PlainResponse>;
  tokens?: (tokens: TokenCache) => TokenCache | TokenCacheSelector<NormalizedOptions>;
}

export async function startGotSession(options: GotSessionOptions = {}): Promise<GotSession> {
  const session = await startSession(options);
  const { tokens, api, server } = session;
  const given = options.tokens?.(tokens) ?? tokens;
  const client = got.extend(
    { prefixUrl: api.origin, retry: { limit: 0 }, ...options.got },
    bearer(given, { origins: api.origin, ...options.bearer }),
    options.child ?? {},
  );
  return {
    ...session,
    client,
    async revoke() {
      server.revokeAccessToken((await tokens.get()).accessToken);
    },
    seen: () => api.requests.map(({ method, url, status, authorizationKind }) => `${method} ${url} ${status} ${authorizationKind}`),
  };
}

/** What a call rejects with. */
export async function rejection(call: PromiseLike<unknown>): Promise<RequestError> {
  return call.then(
    () => {
      throw new Error("The call was fulfilled.");
    },
    (error: unknown) => error as RequestError,
  );
}

/** From now on there is a token only after a refresh. */
export async function expire({ tokens }: GotSession): Promise<void> {
  await tokens.save({ ...toTokenResponse(await tokens.get()), expires_at: Date.now() / 1000 - 1 });
}
