import {
  disposal,
  readOptions,
  requireFunction,
  requireText,
  TokenflightError,
  type ClosableTokenCache,
  type LoginStatus,
  type TokenCache,
  type TokenSet,
} from "@tokenflight/core";
import { requireLoginClient, type LoginClient } from "../login/pending-logins.ts";
import { isWithin } from "../store/database.ts";
import { warnWith } from "../warnings.ts";
import { findWorker, longestStart, NoWorkerError } from "./connection.ts";
import { WorkerTokens } from "./worker-tokens.ts";

/** What the client of the worker is asked for: the request of `authorizationUrl` of @tokenflight/oauth. */
export interface WorkerLogin {
  /** Where the server sends the user back to, as registered. */
  redirectUri: string;
  [field: string]: unknown;
}

/** `RegistrationOptions` of browsers. */
export interface WorkerRegistration {
  /** The path beneath which the worker serves pages. Default: the browser's, the folder of its script. */
  scope?: string;
  /** Whether the worker's script is a module. Default: the browser's, "classic". */
  type?: "classic" | "module";
  /** Which scripts may come from the HTTP cache at an update. Default: the browser's, "imports". */
  updateViaCache?: "all" | "imports" | "none";
}

/** The options of `connectTokens`. */
export interface ConnectTokensOptions<Request extends { redirectUri: string } = WorkerLogin> {
  /** The URL of the service worker's script, which calls `serveTokens`. */
  worker: string | URL;
  /** How it is registered. Default: as a script of one file, which every browser can run. */
  registration?: WorkerRegistration | undefined;
  /** Whose tokens they are: the worker is told. Default: an empty key. */
  key?: string | undefined;
  /**
   * The token cache of a page without a service worker, as in some private windows, and beside one of another version, before the page is loaded again. It
   * has the store of all tabs that the worker has, as `indexedDbStore`. It may give a promise, of what is loaded when it is needed.
   */
  fallback: () => ClosableTokenCache | Promise<ClosableTokenCache>;
  /** Logs users in in such a page. Default: they cannot be. */
  client?:
    | LoginClient<
        Request,
        {
          /** The `state` of the authorization request, by which its answer is known. */
          readonly state: string;
        }
      >
    | undefined;
  /** Is told when there is a service worker to be had, and it cannot be used. Default: `console.warn`. */
  warn?: ((warning: { readonly code: "no-worker"; readonly message: string; readonly cause: unknown }) => void) | undefined;
}

/** A token cache whose refreshes happen in the service worker, which tells of them to its own observer. */
export interface ConnectedTokens<Request extends { redirectUri: string } = WorkerLogin> extends ClosableTokenCache {
  /** Logs users in with the client that the worker has, for `loginByRedirect` and `loginByPopup`. Its token sets are saved already. */
  readonly client: LoginClient<
    Request,
    {
      /** The `state` of the authorization request, by which its answer is known. */
      readonly state: string;
    }
  >;
  /** Where refreshes happen when the page begins. */
  readonly place: Promise<"worker" | "page">;
}

const unknown: LoginStatus = { state: "unknown", expiresAt: undefined, scope: undefined };
const closed = (): TokenflightError => new TokenflightError("ERR_CLOSED", "The token cache is closed.");

/**
 * Connects a page with its service worker.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * const fallback = () => createTokenCache({ source: client.refreshToken(), store, key: "user" });
 * const tokens = connectTokens({ worker: "/token-worker.js", fallback, client });
 * ```
 */
export function connectTokens<Request extends { redirectUri: string } = WorkerLogin>(
  options: ConnectTokensOptions<Request>,
): ConnectedTokens<Request> {
  const names = ["worker", "registration", "key", "fallback", "client", "warn"] as const;
  const { worker, registration = {}, key = "", fallback, client, warn } = readOptions("connectTokens", options, names);
  requireText("worker", String(worker ?? ""));
  requireFunction("fallback", fallback);
  if (client !== undefined) requireLoginClient(client);
  const tell = warnWith(warn);
  /** What this page uses. */
  let now: TokenCache | undefined;
  let remote: Promise<WorkerTokens | undefined> = connect();
  let page: Promise<ClosableTokenCache> | undefined;
  let isClosed = false;
  /** Token sets of logins, which pages save as they save all others: without the refresh token, which is in the worker, they would replace it. */
  const saved = new WeakSet<object>();

  function failed(cause: unknown): void {
    tell({ code: "no-worker", message: "The service worker cannot be used: this page refreshes its tokens itself.", cause });
  }

  async function connect(): Promise<WorkerTokens | undefined> {
    const found = await findWorker(worker, registration, failed);
    if (found === undefined) return undefined;
    const tokens = new WorkerTokens(found, key);
    let trouble: unknown;
    try {
      if (!(await isWithin(tokens.reread(), longestStart))) trouble = new NoWorkerError("It does not answer.");
    } catch (error) {
      // A worker that says no is one.
      trouble = error;
    }
    if (trouble instanceof NoWorkerError) return leave(tokens, trouble);
    now = tokens;
    if (isClosed) tokens.close();
    return tokens;
  }

  function leave(tokens: WorkerTokens, cause: unknown): undefined {
    tokens.close();
    failed(cause);
  }

  async function inPage(): Promise<ClosableTokenCache> {
    if (isClosed) throw closed();
    const loading = (page ??= Promise.resolve().then(fallback));
    try {
      now = await loading;
    } catch (error) {
      if (page === loading) page = undefined;
      throw error;
    }
    return loading;
  }

  /** In the worker; in the page where there is none, and from the moment when it cannot be asked any more. Both share the store. */
  async function call<Result>(work: (tokens: TokenCache) => Promise<Result>): Promise<Result> {
    const asked = remote;
    const tokens = await asked;
    if (tokens === undefined) return work(await inPage());
    try {
      return await work(tokens);
    } catch (error) {
      // What the worker has said, it has said: a login whose code was used is not tried again here.
      if (!(error instanceof NoWorkerError)) throw error;
      if (remote === asked && !isClosed) remote = Promise.resolve(leave(tokens, error));
      return work(await inPage());
    }
  }

  function clientOfPage(): LoginClient<Request, { readonly state: string }> {
    if (client !== undefined) return client;
    throw new TokenflightError("ERR_INVALID_OPTION", "connectTokens: expected the option client, for logins in the page.");
  }

  const connected: ConnectedTokens<Request> = {
    identity: undefined,
    place: remote.then((tokens) => (tokens === undefined ? "page" : "worker")),
    peek: () => now?.peek(),
    get: (how) => call((tokens) => tokens.get(how)),
    renew: (refused, how) => call((tokens) => tokens.renew(refused, how)),
    reportReplay: (renewed, accepted) => now?.reportReplay(renewed, accepted),
    status: () => now?.status() ?? unknown,
    save: async (given) => (saved.has(given) ? (given as TokenSet) : call((tokens) => tokens.save(given))),
    seed: (given) => call((tokens) => tokens.seed(given)),
    forget: (how) => call((tokens) => tokens.forget(how)),
    reread: () => call((tokens) => tokens.reread()),
    client: {
      authorizationUrl: (request) =>
        call(async (tokens) =>
          tokens instanceof WorkerTokens ? tokens.authorizationUrl(request) : clientOfPage().authorizationUrl(request),
        ),
      async exchangeCallback(url, pending) {
        const tokenSet = await call(async (tokens) =>
          tokens instanceof WorkerTokens
            ? tokens.exchangeCallback(url, pending)
            : tokens.save(await clientOfPage().exchangeCallback(url, pending)),
        );
        saved.add(tokenSet);
        return tokenSet;
      },
    },
    async close() {
      isClosed = true;
      if (now instanceof WorkerTokens) now.close();
      await (await page?.catch(() => undefined))?.close();
    },
    ...disposal(() => connected.close()),
  };
  return connected;
}
