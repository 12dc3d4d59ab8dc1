import { createTokenCache, TokenflightError, type ClosableTokenCache, type TokenStore } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";

export interface ShopOptions {
  /** The API's address. Default: "https://api.shop.example". */
  readonly baseUrl?: string;
  /** Sends all requests, those for tokens too. Default: the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Left out, `fetch` has to put a token on by itself. */
  readonly credentials?: { readonly issuer: string; readonly clientId: string; readonly clientSecret: string };
  /** Where processes share tokens. Default: the memory of this client. */
  readonly store?: TokenStore;
}

export interface Order {
  readonly id: string;
  readonly item: string;
}

/** What every call rejects with, unless its own signal has ended it. Holds no token and no secret. */
export class ShopError extends Error {
  override readonly name = "ShopError";
  /** Of the API's answer; undefined where there was none. */
  readonly status: number | undefined;
  /** "ERR_LOGIN_REQUIRED" and the like, where there was no access token. */
  readonly code: string | undefined;

  constructor(message: string, { status, cause }: { status?: number; cause?: unknown }) {
    super(message, { cause });
    this.status = status;
    this.code = TokenflightError.is(cause) ? cause.code : undefined;
  }
}

/** One object serves the whole program: it holds the access token. `await shop.close()` at the end. */
export class Shop {
  readonly #baseUrl: string;
  readonly #send: typeof fetch;
  readonly #tokens: ClosableTokenCache | undefined;

  constructor(options: ShopOptions = {}) {
    const { baseUrl = "https://api.shop.example", credentials, store, fetch: given } = options;
    this.#baseUrl = baseUrl;
    if (credentials === undefined) {
      this.#send = (input, init) => (given ?? fetch)(input, init);
      return;
    }
    const { issuer, clientId, clientSecret } = credentials;
    const client = createOAuthClient({ issuer, clientId, clientAuth: clientSecretBasic(clientSecret), fetch: given });
    const shared = store === undefined ? {} : { store, key: "shop" };
    this.#tokens = createTokenCache({ source: client.clientCredentials(), ...shared });
    this.#send = bearer(this.#tokens, { origins: new URL(baseUrl).origin })(given ?? fetch);
  }

  async createOrder(item: string, { signal }: { signal?: AbortSignal } = {}): Promise<Order> {
    return this.#request<Order>("/orders", { method: "POST", body: JSON.stringify({ item }), signal: signal ?? null });
  }

  async #request<Answer>(path: string, init: RequestInit): Promise<Answer> {
    const headers = { "content-type": "application/json" };
    const response = await this.#send(`${this.#baseUrl}${path}`, { ...init, headers }).catch((cause: unknown) => {
      if (init.signal?.aborted === true) throw cause;
      throw new ShopError(TokenflightError.is(cause) ? "There is no access token." : "The shop did not answer.", { cause });
    });
    const { status } = response;
    if (!response.ok) {
      await response.body?.cancel(); // a body that nobody reads keeps its connection
      throw new ShopError(`The shop answered ${status}.`, { status });
    }
    return response.json().catch((cause: unknown) => {
      if (init.signal?.aborted === true) throw cause;
      throw new ShopError("The shop's answer cannot be read.", { status, cause });
    }) as Promise<Answer>;
  }

  async close(): Promise<void> {
    await this.#tokens?.close();
  }
}
