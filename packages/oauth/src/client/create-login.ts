import {
  createTokenCache,
  disposal,
  memoryStore,
  readOptions,
  requireFunction,
  requireThat,
  type Closable,
  type InitialTokens,
  type LoginStatus,
  type NamedTokenCache,
  type TokenCacheOptions,
  type TokenSet,
} from "@tokenflight/core";
import type { GrantOptions } from "../grants/grant-parameters.ts";
import { ownFields } from "../own-fields.ts";
import type { OAuthClient } from "./oauth-client.ts";

/** Those of a token cache, but for its source, which the client gives. */
export interface LoginOptions extends Omit<TokenCacheOptions, "source"> {
  /** The client of `createOAuthClient`. */
  client: Pick<OAuthClient, "refreshToken">;
}

/**
 * One login of one user, with access tokens for several APIs. There is one refresh token, and one entry in the store: whoever shares it sends one token
 * request at a time, and no API is sent the access token of another.
 */
export interface Login extends Closable {
  /**
   * The access tokens for one API, as a token cache that every adapter takes: the same one for the same options, in whatever order. Each is refreshed when it
   * is due.
   *
   * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
   */
  for(options?: GrantOptions): NamedTokenCache;
  /**
   * Takes the tokens of a login, or its refresh token alone, in place of whatever was there. Its access token serves `for()`, without options; each other
   * cache obtains one of its own by the refresh token.
   *
   * @throws StoreError (`ERR_STORE_*`).
   * @throws InvalidTokenResponseError (`ERR_INVALID_TOKEN_RESPONSE`) when the tokens are of no use.
   */
  save(tokens: TokenSet | InitialTokens): Promise<TokenSet>;
  /** Begins with tokens that come from elsewhere, as `seed` of a token cache does. */
  seed(tokens: TokenSet | InitialTokens): Promise<boolean>;
  /** Ends the login for all its caches, here and in the store, as `forget` of a token cache does: `revoke` revokes all its tokens. */
  forget(options?: {
    /** Whether the authorization server revokes the tokens, too (RFC 7009). Default false. */
    revoke?: boolean | undefined;
  }): Promise<void>;
  /**
   * Whether the user is logged in, from memory: "logged-in" where any of its caches has a token or can obtain one, "logged-out" where only a login helps.
   * `expiresAt` and `scope` are those of `for()`.
   */
  status(): LoginStatus;
  /**
   * Looks into the store for all its caches, and asks nobody: what `status` says then is known.
   *
   * @throws StoreError (`ERR_STORE_*`).
   */
  reread(): Promise<void>;
}

const names = ["client", "store", "identity", "key", "queue", "freshness", "timeouts", "keepAlive", "clock", "observe"] as const;

/**
 * One login with access tokens for several APIs, from one refresh token. Without a store, the login is in memory.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * const login = createLogin({ client, store, key: "alice" });
 * attachBearer(ordersApi, login.for({ resource: "https://orders.example.com" }));
 * attachBearer(invoicesApi, login.for({ resource: "https://invoices.example.com" }));
 * ```
 */
export function createLogin(options: LoginOptions): Login {
  const { client, ...read } = readOptions<LoginOptions>("createLogin", options, names);
  requireFunction("createLogin.client.refreshToken", client?.refreshToken);
  requireThat(read.store === undefined || read.key !== undefined, "createLogin.key", "the user's name in the store", read.key);
  const shared = { key: "login", store: memoryStore(), ...read };
  const caches = new Map<string | undefined, NamedTokenCache>();
  const ends: Closable["close"][] = [];
  let closing: Promise<void> | undefined;

  const cacheFor = (grant?: GrantOptions): NamedTokenCache => {
    const source = client.refreshToken(grant);
    const { purpose } = ownFields(source);
    const known = caches.get(purpose);
    if (known !== undefined) return known;
    const cache: NamedTokenCache & Partial<Closable> = createTokenCache({ ...shared, source });
    const { close: end = async () => {} } = cache;
    // It ends with the login, and not alone: whoever asks for the same purpose later is given the same one.
    delete cache.close;
    delete cache[Symbol.asyncDispose];
    ends.push(end);
    caches.set(purpose, cache);
    if (closing !== undefined) void end();
    return cache;
  };
  const login = cacheFor();
  const close = async (): Promise<void> => {
    closing ??= Promise.all(ends.map((end) => end())).then(() => {});
    return closing;
  };

  return {
    for: cacheFor,
    save: (tokens) => login.save(tokens),
    seed: (tokens) => login.seed(tokens),
    forget: (how) => login.forget(how),
    status() {
      const states = new Set(Array.from(caches.values(), (cache) => cache.status().state));
      const state = (["logged-in", "logged-out"] as const).find((one) => states.has(one)) ?? "unknown";
      return { ...login.status(), state };
    },
    async reread() {
      await Promise.all(Array.from(caches.values(), (cache) => cache.reread()));
    },
    close,
    ...disposal(close),
  };
}
