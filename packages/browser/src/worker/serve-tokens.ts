import { readOptions, requireMethods, TokenflightError, TokenSet, type KeepAlive, type TokenCache } from "@tokenflight/core";
import { requireLoginClient, type LoginClient } from "../login/pending-logins.ts";
import { fieldsOf, isQuestion, protocol, tell, type Answer, type Call, type Question } from "./protocol.ts";

/** A client of @tokenflight/oauth: whatever it asks for comes from the page as it is. */
type WorkerClient = LoginClient<
  never,
  {
    /** The `state` of the authorization request, by which its answer is known. */
    readonly state: string;
  }
>;

/** The options of `serveTokens`. */
export interface ServeTokensOptions {
  /** Logs users in here, so that their refresh tokens never enter a page. Default: a page that logs a user in itself hands over what it got. */
  client?: WorkerClient | undefined;
}

/** An event that keeps a worker alive until its work is done. */
interface WorkEvent extends MessageEvent<unknown> {
  waitUntil(work: Promise<unknown>): void;
}

interface WorkerScope {
  addEventListener(type: "message", listener: (event: WorkEvent) => void): void;
}

/** The events that are being answered. */
const active = new Set<WorkEvent>();

/** For the option `keepAlive` of the token cache in a service worker: the browser does not stop the worker before a refresh is over. */
export const workerKeepAlive: KeepAlive = (work) => [...active].pop()?.waitUntil(work);

/**
 * In a service worker: answers the pages that called `connectTokens`. Refreshes happen here, where no reload reaches them, and refresh tokens stay here.
 * `tokens` is a token cache, or a function that names the one of a key; pages hear of logins and logouts by its store, which is an `indexedDbStore`. Call it
 * when the worker begins, not later: a browser listens from the start only.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * const tokens = createTokenCache({ source: client.refreshToken(), store, key: "user", keepAlive: workerKeepAlive });
 * serveTokens(tokens, { client });
 * ```
 */
export function serveTokens(tokens: TokenCache | ((key: string) => TokenCache), options: ServeTokensOptions = {}): void {
  const { client } = readOptions("serveTokens", options, ["client"]);
  if (client !== undefined) requireLoginClient(client);
  const cacheOf = typeof tokens === "function" ? tokens : () => tokens;
  if (typeof tokens !== "function") requireMethods("tokens", tokens, ["get", "renew", "save", "seed", "forget", "reread", "status"]);

  async function answer({ tokenflight, key, call }: Question): Promise<Answer> {
    if (tokenflight !== protocol) return { protocol };
    let cache: TokenCache | undefined;
    try {
      cache = cacheOf(key);
      const value = await carryOut(cache, client, call);
      return { value: value instanceof TokenSet ? fieldsOf(value) : value, status: cache.status() };
    } catch (error) {
      return { error: tell(error), status: cache?.status() };
    }
  }

  (globalThis as unknown as WorkerScope).addEventListener("message", (event) => {
    const [port] = event.ports;
    if (port === undefined || !isQuestion(event.data)) return;
    active.add(event);
    event.waitUntil(
      answer(event.data).then((given) => {
        active.delete(event);
        port.postMessage(given);
      }),
    );
  });
}

async function carryOut(tokens: TokenCache, client: WorkerClient | undefined, call: Call): Promise<unknown> {
  switch (call.name) {
    case "get":
      return tokens.get({ minValidity: call.minValidity });
    case "renew":
      return tokens.renew(new TokenSet(call.refused));
    case "report":
      return tokens.reportReplay(new TokenSet(call.renewed), call.accepted);
    case "save":
      return tokens.save(call.tokens);
    case "seed":
      return tokens.seed(call.tokens);
    case "forget":
      return tokens.forget({ revoke: call.revoke });
    case "reread":
      return tokens.reread();
  }
  if (client === undefined)
    throw new TokenflightError("ERR_INVALID_OPTION", "serveTokens: expected the option client, for logins in the worker.");
  if (call.name === "authorizationUrl") return client.authorizationUrl(call.request as never);
  return tokens.save(await client.exchangeCallback(call.url, call.pending as never));
}
