import {
  createTokenCache,
  guarded,
  LoginRequiredError,
  readOptions,
  readTokenResponse,
  requireFunction,
  requireText,
  toTokenResponse,
  TokenSet,
  type ClosableTokenCache,
  type InitialTokens,
  type LoginStatus,
  type Observer,
  type SourceContext,
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
  /** The token cache of a page without a service worker, as in some private windows. It has a store of all tabs, as `indexedDbStore`. */
  fallback: () => ClosableTokenCache;
  observe?: Observer | undefined;
  /** Is told when there is a service worker to be had, and it cannot be used. Default: `console.warn`. */
  warn?: ((warning: { readonly code: "no-worker"; readonly message: string; readonly cause: unknown }) => void) | undefined;
}

/** A token cache whose refreshes happen in the service worker. */
export interface ConnectedTokens extends ClosableTokenCache {
  /** Logs users in with the client that the worker has, for `loginByRedirect` and `loginByPopup`. Its token sets are saved already. */
  readonly client: LoginClient<{ redirectUri: string }, { readonly state: string }>;
  /** Where refreshes happen. */
  readonly place: Promise<"worker" | "page">;
}

const unknown: LoginStatus = { state: "unknown", expiresAt: undefined, scope: undefined };

/** Connects a page with its service worker. Throws InvalidOptionError. */
export function connectTokens(options: ConnectTokensOptions): ConnectedTokens {
  const names = ["worker", "registration", "key", "fallback", "observe", "warn"] as const;
  const { worker, registration = {}, key = "", fallback, observe, warn } = readOptions("connectTokens", options, names);
  requireText("worker", String(worker ?? ""));
  requireFunction("fallback", fallback);
  const found = findWorker(worker, registration, (cause) => {
    const message = "The service worker cannot be used: this page refreshes its tokens itself.";
    if (warn === undefined) console.warn(message, cause);
    else guarded(warn)({ code: "no-worker", message, cause });
  });
  let page: ClosableTokenCache | undefined;
  const pageTokens = (): ClosableTokenCache => (page ??= fallback());
  let status = unknown;

  async function call<Value>(what: Call, signal?: AbortSignal): Promise<Value> {
    const there = await found;
    if (there === undefined) return (await inPage(pageTokens(), what, signal)) as Value;
    const answer = await ask(there, key, what, signal);
    status = answer.status ?? status;
    if ("error" in answer) throw heard(answer.error);
    return answer.value as Value;
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
  void call({ name: "status" }).catch(() => {});

  return {
    identity: undefined,
    place: found.then((there) => (there === undefined ? "page" : "worker")),
    peek: () => tokens.peek(),
    get: (how) => tokens.get(how),
    renew: (refused, how) => tokens.renew(refused, how),
    reportReplay: (renewed, accepted) => tokens.reportReplay(renewed, accepted),
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
      return tokens.peek();
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

/** The same without a worker. Logins are the page's own affair there. */
async function inPage(tokens: ClosableTokenCache, call: Call, signal: AbortSignal | undefined): Promise<unknown> {
  switch (call.name) {
    case "get":
      return toTokenResponse(await tokens.get({ minValidity: call.minValidity, signal }));
    case "renew":
      return toTokenResponse(await tokens.renew(readTokenResponse(call.refused, Date.now()), { signal }));
    case "save":
      return toTokenResponse(await tokens.save(call.tokens as InitialTokens));
    case "seed":
      return tokens.seed(call.tokens);
    case "forget":
      return tokens.forget({ revoke: call.revoke });
    case "reread": {
      const tokenSet = await tokens.reread();
      return tokenSet && toTokenResponse(tokenSet);
    }
    case "status":
      return undefined;
    default:
      throw new LoginRequiredError("There is no service worker to log in with: give the page's own client.");
  }
}
