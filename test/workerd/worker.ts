/** The worker of the tests: it calls an API through token caches that outlive its requests. */
import { AsyncLocalStorage } from "node:async_hooks";
import { env, waitUntil } from "cloudflare:workers";
import {
  createTokenCache,
  createTokenEndpointQueue,
  createTokenPool,
  memoryStore,
  systemClock,
  TokenflightError,
  type Clock,
  type TokenCache,
  type TokenStore,
} from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import type { WorkerAnswer, WorkerSetting } from "./setting.ts";

interface RequestContext {
  waitUntil(work: Promise<unknown>): void;
}

/** A request to the worker. */
interface Current {
  readonly context: RequestContext;
  /** Is called when a token request begins on its behalf. */
  tokenRequestBegins(): void;
}

const setting = env["SETTING"] as WorkerSetting;
const { tokenEndpoint, issuer, clientId, clientSecret, api, grant, requestTimeout: request } = setting;
const current = new AsyncLocalStorage<Current>();
const client = createOAuthClient({
  ...(issuer === undefined ? { tokenEndpoint } : { issuer }),
  clientId,
  clientAuth: clientSecretBasic(clientSecret),
  timeout: request,
  fetch(url, init) {
    current.getStore()?.tokenRequestBegins();
    return fetch(url, init);
  },
});
const source = grant === "refresh token" ? client.refreshToken() : client.clientCredentials();

const keepAlive = {
  none: undefined,
  module: waitUntil,
  context: (work: Promise<unknown>): void => current.getStore()?.context.waitUntil(work),
}[setting.keepAlive ?? "none"];

const events: unknown[] = [];
// Time of day that a test skips, so that tokens expire. Waits are measured with a clock that nobody sets.
let skipped = 0;
const clock: Clock = { ...systemClock, now: () => Date.now() + skipped };
// The window in which a token is refreshed ahead is the second half of its life.
const options = {
  freshness: { ahead: 1000 },
  timeouts: { request },
  clock,
  observe: (event: { type: string; error?: unknown }) =>
    void events.push(`${event.type} ${event.error instanceof Error ? event.error.message : ""}`),
  ...(keepAlive && { keepAlive }),
};

const tokensOf: (user: string) => TokenCache = {
  cache: () => {
    const tokens = createTokenCache({ source, ...options });
    return () => tokens;
  },
  pool: () => {
    const pool = createTokenPool({ source: () => source, queue: createTokenEndpointQueue(setting.queue), ...options });
    return (user: string) => pool.for(user);
  },
  store: () => {
    const store = memoryStore();
    return (user: string) => createTokenCache({ source, store, key: user, ...options });
  },
  "slow store": () => {
    const store = slowStore(memoryStore());
    const shared = { source, store, key: "somebody", ...options };
    const [tokens, others] = [createTokenCache(shared), createTokenCache(shared)];
    return (user: string) => (user === "others" ? others : tokens);
  },
}[setting.scope]();

/** Each operation takes 150 ms, of the request that asked for it. */
function slowStore(store: TokenStore): TokenStore {
  const late = () => new Promise((resolve) => setTimeout(resolve, 150));
  return {
    read: (...given) => late().then(() => store.read(...given)),
    compareAndSet: (...given) => late().then(() => store.compareAndSet(...given)),
  };
}

async function answer(given: Request, signal: AbortSignal): Promise<unknown> {
  const { pathname, searchParams } = new URL(given.url);
  const tokens = tokensOf(searchParams.get("user") ?? "somebody");
  if (pathname === "/events") return events;
  if (pathname === "/save") {
    await tokens.save((await given.json()) as { access_token: string });
    return {};
  }
  if (pathname === "/skip") return (skipped += Number(searchParams.get("ms")));
  if (searchParams.has("peek")) {
    tokens.peek();
    return { status: 204 } satisfies WorkerAnswer;
  }
  const response = await bearer(tokens, { origins: api })(fetch)(`${api}/resource`, { signal });
  await response.body?.cancel();
  return { status: response.status } satisfies WorkerAnswer;
}

async function outcomeOf(given: Request, context: RequestContext): Promise<unknown> {
  const { searchParams } = new URL(given.url);
  const [giveUp, abandon] = [searchParams.get("giveUp"), searchParams.get("abandon")];
  const caller = new AbortController();
  const leave = (): void => caller.abort(new DOMException("The caller gave up.", "TimeoutError"));
  const tokenRequestBegins = (): void => void (abandon !== null && setTimeout(leave, Number(abandon)));
  if (giveUp !== null) setTimeout(leave, Number(giveUp));
  try {
    return await current.run({ context, tokenRequestBegins }, () => answer(given, caller.signal));
  } catch (error) {
    const { name, message } = error as Error;
    return { error: TokenflightError.is(error) ? error.code : `${name}: ${message}` } satisfies WorkerAnswer;
  }
}

/** A body that begins at once: JSON may have spaces before it. */
function streamed(outcome: Promise<unknown>): ReadableStream<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const write = (text: string): Promise<void> => writer.write(new TextEncoder().encode(text)).catch(() => {});
  const beat = setInterval(() => write(" "), 20);
  void outcome.then(async (value) => {
    clearInterval(beat);
    await write(JSON.stringify(value));
    await writer.close();
  });
  return readable;
}

export default {
  async fetch(given: Request, _env: unknown, context: RequestContext): Promise<Response> {
    const outcome = outcomeOf(given, context);
    return new URL(given.url).searchParams.has("stream") ? new Response(streamed(outcome)) : Response.json(await outcome);
  },
};
