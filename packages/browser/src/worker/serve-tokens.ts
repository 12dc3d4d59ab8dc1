import { readTokenResponse, requireMethods, TokenflightError, type KeepAlive, type TokenCache } from "@tokenflight/core";
import type { LoginClient } from "../login/pending-logins.ts";
import { isQuestion, protocol, tell, withoutRefreshToken, type Answer, type Call, type Question } from "./protocol.ts";

/** A client of @tokenflight/oauth: whatever it asks for comes from the page as it is. */
type WorkerClient = LoginClient<never, { readonly state: string }>;

export interface ServeTokensOptions {
  /** Logs users in here, so that their refresh tokens never enter a page. Default: a page that logs a user in itself hands over what it got. */
  client?: WorkerClient | undefined;
}

/** An event that keeps a worker alive until its work is done. */
interface WorkEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}

interface WorkerScope {
  addEventListener(type: "message", listener: (event: WorkEvent & MessageEvent<unknown>) => void): void;
}

/** The events that are being answered. */
const active = new Set<WorkEvent>();

/** For the option `keepAlive` of the token cache in a service worker: the browser does not stop the worker before a refresh is over. */
export const workerKeepAlive: KeepAlive = (work) => [...active].at(-1)?.waitUntil(work);

/** Tells all pages that somebody has logged in or out. */
export const loginChannel = "tokenflight logins";

/**
 * In a service worker: answers the pages that called `connectTokens`. Refreshes happen here, where no reload reaches them, and refresh tokens stay here. `tokens` is a
 * token cache, or a function that names the one of a key. Call it when the worker begins, not later: a browser listens from the start only.
 */
export function serveTokens(tokens: TokenCache | ((key: string) => TokenCache), options: ServeTokensOptions = {}): void {
  const cacheOf = typeof tokens === "function" ? tokens : () => tokens;
  const { client } = options;
  if (typeof tokens !== "function") requireMethods("tokens", tokens, ["get", "renew", "save", "seed", "forget", "reread", "status"]);
  const channel = new BroadcastChannel(loginChannel);

  async function answer({ tokenflight, key, call }: Question): Promise<Answer> {
    if (tokenflight !== protocol) return { protocol };
    let cache: TokenCache | undefined;
    try {
      cache = cacheOf(key);
      const value = await carryOut(cache, call, client);
      if (call.name === "save" || call.name === "seed" || call.name === "forget" || call.name === "exchangeCallback")
        channel.postMessage(key);
      return { value, status: cache.status() };
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

async function carryOut(tokens: TokenCache, call: Call, client: ServeTokensOptions["client"]): Promise<unknown> {
  switch (call.name) {
    case "get":
      return withoutRefreshToken(await tokens.get({ minValidity: call.minValidity }));
    case "renew":
      return withoutRefreshToken(await tokens.renew(readTokenResponse(call.refused, Date.now())));
    case "save":
      return withoutRefreshToken(await tokens.save(call.tokens));
    case "seed":
      return tokens.seed(call.tokens);
    case "forget":
      return tokens.forget({ revoke: call.revoke });
    case "reread":
      return withoutRefreshToken(await tokens.reread());
    case "authorizationUrl":
      return clientOf(client).authorizationUrl(call.request as never);
    case "exchangeCallback":
      return withoutRefreshToken(await tokens.save(await clientOf(client).exchangeCallback(call.url, call.pending as never)));
    default:
      return undefined;
  }
}

function clientOf(client: ServeTokensOptions["client"]): WorkerClient {
  if (client === undefined)
    throw new TokenflightError("ERR_INVALID_OPTION", "serveTokens: expected the option client, for logins in the worker.");
  return client;
}
