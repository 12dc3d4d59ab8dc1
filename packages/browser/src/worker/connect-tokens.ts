import {
  createTokenCache,
  guarded,
  readOptions,
  requireFunction,
  requireText,
  toTokenResponse,
  TokenSet,
  type ClosableTokenCache,
  type LoginStatus,
  type Observer,
  type SourceContext,
  type TokenCache,
  type TokenResponse,
} from "@tokenflight/core";
import type { LoginClient } from "../login/pending-logins.ts";
import { openChannel } from "../store/channel.ts";
import { ask, findWorker } from "./connection.ts";
import { heard, type Call } from "./protocol.ts";
import { loginChannel } from "./serve-tokens.ts";

export interface ConnectTokensOptions {
  /** The URL of the service worker's script, which calls `serveTokens`. */
  worker: string | URL;
  /** How it is registered. Default: as a script of one file, which every browser can run. */
  registration?: RegistrationOptions | undefined;
  /** Whose tokens they are: the worker is told. Default: an empty key. */
  key?: string | undefined;
  /**
   * The token cache of a page without a service worker, as in some private windows, and beside one of another version, before the page is loaded again. It
   * has the store of all tabs that the worker has, as `indexedDbStore`. It may give a promise, of what is loaded when it is needed.
   */
  fallback: () => ClosableTokenCache | Promise<ClosableTokenCache>;
  /** Logs users in in such a page. Default: they cannot be. */
  client?: LoginClient<never, { readonly state: string }> | undefined;
  observe?: Observer | undefined;
  /** Is told when there is a service worker to be had, and it cannot be used. Default: `console.warn`. */
  warn?: ((warning: { readonly code: "no-worker"; readonly message: string; readonly cause: unknown }) => void) | undefined;
}

/** A token cache whose refreshes happen in the service worker. */
export interface ConnectedTokens extends ClosableTokenCache {
  /** Logs users in with the client that the worker has, for `loginByRedirect` and `loginByPopup`. Its token sets are saved already. */
  readonly client: LoginClient<{ redirectUri: string }, { readonly state: string }>;
  /** Where refreshes happen when the page begins. */
  readonly place: Promise<"worker" | "page">;
}

const unknown: LoginStatus = { state: "unknown", expiresAt: undefined, scope: undefined };

/** Connects a page with its service worker. Throws InvalidOptionError. */
export function connectTokens(options: ConnectTokensOptions): ConnectedTokens {
  const names = ["worker", "registration", "key", "fallback", "client", "observe", "warn"] as const;
  const { worker, registration = {}, key = "", fallback, client, observe, warn } = readOptions("connectTokens", options, names);
  requireText("worker", String(worker ?? ""));
  requireFunction("fallback", fallback);
  const failed = (cause: unknown): void => {
    const message = "The service worker cannot be used: this page refreshes its tokens itself.";
    // oxlint-disable-next-line eslint/no-console -- Somebody has to hear of it.
    if (warn === undefined) console.warn(message, cause);
    else guarded(warn)({ code: "no-worker", message, cause });
  };
  const found = findWorker(worker, registration, failed);
  let isOther = false;
  let page: ClosableTokenCache | undefined;
  let loading: Promise<ClosableTokenCache> | undefined;
  const pageTokens = async (): Promise<ClosableTokenCache> => {
    loading ??= Promise.resolve(fallback()).catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return (page = await loading);
  };
  let status = unknown;

  async function call<Value>(what: Call, signal?: AbortSignal): Promise<Value> {
    const there = await found;
    if (there !== undefined && !isOther) {
      const answer = await ask(there, key, what, signal);
      if ("value" in answer || "error" in answer) {
        status = answer.status ?? status;
        if ("error" in answer) throw heard(answer.error);
        return answer.value as Value;
      }
      // A page that was opened before, or after, the application was changed. Both share the store.
      if (!isOther) failed(new Error("It is of another version than this page."));
      isOther = true;
    }
    const { inPage } = await import("./in-page.ts");
    return (await inPage(await pageTokens(), client, what, signal)) as Value;
  }

  const source = Object.assign(
    async ({ previous, reason, signal }: SourceContext): Promise<TokenResponse> => {
      const wanted: Call =
        reason === "refused" && previous !== undefined ? { name: "renew", refused: toTokenResponse(previous) } : { name: "get" };
      return call<TokenResponse>(wanted, signal);
    },
    { spendsRefreshToken: false },
  );
  const tokens = createTokenCache({ source, observe });
  const dropped = async (): Promise<void> => tokens.forget().catch(() => {});
  const channel = openChannel(loginChannel);
  if (channel !== undefined)
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data === key) void dropped();
    };
  const taken = async (given: TokenResponse): Promise<TokenSet> => {
    if (given.access_token !== "") return tokens.save(given);
    // The login has begun with its refresh token alone, which the worker keeps.
    await dropped();
    return new TokenSet({ accessToken: "", tokenType: "Bearer", issuedAt: Date.now(), expiresAt: 1 });
  };
  /** The worker may have a token that is good for so long. */
  async function valid({ minValidity, signal }: NonNullable<Parameters<TokenCache["get"]>[0]>): Promise<TokenSet> {
    const here = tokens.peek();
    const isValid = here !== undefined && (here.expiresAt === undefined || here.expiresAt >= Date.now() + (minValidity ?? 0) * 1000);
    return isValid ? here : taken(await call({ name: "get", minValidity }, signal));
  }
  void call({ name: "status" }).catch(() => {});

  return {
    identity: undefined,
    place: found.then((there) => (there === undefined ? "page" : "worker")),
    // The page's own cache hears of other tabs by its store.
    peek: () => (page ?? tokens).peek(),
    get: (how = {}) => (page !== undefined || !(how.minValidity ?? 0) ? (page ?? tokens).get(how) : valid(how)),
    renew: (refused, how) => (page ?? tokens).renew(refused, how),
    reportReplay: (renewed, accepted) => (page ?? tokens).reportReplay(renewed, accepted),
    status: () => page?.status() ?? status,
    save: async (given) => taken(await call({ name: "save", tokens: given instanceof TokenSet ? toTokenResponse(given) : given })),
    async seed(given) {
      const isTaken = await call<boolean>({ name: "seed", tokens: given instanceof TokenSet ? toTokenResponse(given) : given });
      if (isTaken) await dropped();
      return isTaken;
    },
    async forget({ revoke = false } = {}) {
      await dropped();
      await call({ name: "forget", revoke });
    },
    async reread() {
      const given = await call<TokenResponse | undefined>({ name: "reread" });
      if (given === undefined) await dropped();
      else await taken(given);
      return (page ?? tokens).peek();
    },
    client: {
      authorizationUrl: (request) => call({ name: "authorizationUrl", request }),
      exchangeCallback: async (url, pending) => taken(await call({ name: "exchangeCallback", url, pending })),
    },
    async close() {
      channel?.close();
      await Promise.all([tokens.close(), page?.close()]);
    },
    [Symbol.asyncDispose]() {
      return this.close();
    },
  };
}
