import { BearerPolicy, hasOwn, InvalidOptionError, kindOf, originsOfBase, sendWithToken, shared, waitFor } from "@tokenflight/core";
import type { BearerOptions, TokenCache, TokenCacheSelector, WithoutTokenReason } from "@tokenflight/core";
import type { AxiosAdapter, AxiosResponse, InternalAxiosRequestConfig } from "axios";
import { createAdapterWrapper, type Transport } from "./adapter-wrapper.ts";
import type { AxiosLike, Instance } from "./axios-like.ts";
import { OutgoingAxiosRequest, type Attachment } from "./outgoing-request.ts";
import { OwnCopy, tooOld } from "./own-copy.ts";
import { RedirectGuards } from "./redirects/redirect-guard.ts";
import { onPage, otherTargetOf, targetOf } from "./target.ts";

const attached = shared("axios.attached.1", () => new WeakSet<object>());

/**
 * Puts a fresh token on this instance's requests to the allowed origins and replays a refused one once. Returns a function that
 * detaches it again. The instance may be of any copy of axios in the program.
 *
 * `origins` defaults to the origin of the instance's `baseURL`. A request with a header field of its own where the token would be put (`null` for none at
 * all), with `auth`, or with credentials in its URL is sent untouched.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`), also for an axios older than 1.0.
 * @example
 * ```ts
 * const api = axios.create({ baseURL: "https://api.example.com" });
 * attachBearer(api, tokens);
 * const { data } = await api.get("/orders");
 * ```
 */
export function attachBearer<Config, Response>(
  instance: AxiosLike<Config, Response>,
  tokens: TokenCache | TokenCacheSelector<Config>,
  options?: BearerOptions<Response>,
): () => void;
export function attachBearer(
  instance: AxiosLike<InternalAxiosRequestConfig, AxiosResponse>,
  tokens: TokenCache | TokenCacheSelector<InternalAxiosRequestConfig>,
  options: BearerOptions<AxiosResponse> = {},
): () => void {
  if (typeof instance?.interceptors?.request?.use !== "function") {
    throw new InvalidOptionError("instance", "an axios instance", kindOf(instance));
  }
  if (attached.has(instance)) {
    throw new InvalidOptionError("instance", "an axios instance without bearer tokens; detach the other ones first", "one that has them");
  }
  const copy = new OwnCopy(instance as unknown as Instance);
  const policy = new BearerPolicy(tokens, options, originsOfBase(baseOf(instance), options));
  const attachment: Attachment = {
    policy,
    copy,
    guards: new RedirectGuards(),
    refusesAny: hasOwn(options, "refused") && options.refused !== undefined,
  };
  const wrapAdapter = createAdapterWrapper(copy.send, (transport, config) => send(attachment, transport, config));

  // The interceptor only replaces the adapter, so its place among the others does not matter. It is synchronous, so theirs may be, too.
  const interceptor = instance.interceptors.request.use(
    (config) => {
      // axios rejects what has been cancelled before it looks at the adapter, and its error shows the config.
      if (!isCancelled(config)) config.adapter = wrapAdapter(config);
      return config;
    },
    null,
    { synchronous: true },
  );
  attached.add(instance);
  let isAttached = true;
  return () => {
    if (!isAttached) return;
    isAttached = false;
    instance.interceptors.request.eject(interceptor);
    attached.delete(instance);
  };
}

function isCancelled({ signal, cancelToken }: InternalAxiosRequestConfig): boolean {
  return Boolean(signal?.aborted || cancelToken?.reason);
}

function baseOf({ defaults }: { readonly defaults: { readonly baseURL?: string } }): string {
  return (hasOwn(defaults, "baseURL") && defaults.baseURL) || "";
}

function send(attachment: Attachment, transport: Transport, config: InternalAxiosRequestConfig): ReturnType<AxiosAdapter> {
  const { policy, copy } = attachment;
  // Before axios 1.0 headers were plain objects.
  if (typeof config.headers?.set !== "function") throw tooOld();
  const target = onPage(targetOf(config));
  if (!policy.allows(target)) return sendUntouched(attachment, transport, config, target, "origin");
  const other = otherTargetOf(config, copy);
  if (other !== undefined && !policy.allows(onPage(other))) return sendUntouched(attachment, transport, config, other, "origin");
  if (config.auth || policy.credentials.areOwn(config.headers)) {
    return sendUntouched(attachment, transport, config, target, "own-credentials");
  }
  const cache = policy.cacheFor(config);
  if (cache === undefined) return sendUntouched(attachment, transport, config, target, "no-cache");
  if ("then" in cache) return sendWhenKnown(attachment, transport, config, cache);
  return sendWithToken(policy, cache, new OutgoingAxiosRequest(attachment, transport, config, !policy.wantsReplay));
}

function sendUntouched(
  attachment: Attachment,
  transport: Transport,
  config: InternalAxiosRequestConfig,
  url: string,
  reason: WithoutTokenReason,
): ReturnType<AxiosAdapter> {
  attachment.policy.log.withoutToken(url, reason);
  if (transport.kind === "own") return transport.send(config);
  const request = new OutgoingAxiosRequest(attachment, transport, config, true);
  return sendAsGiven(request);
}

/** The selector's answer is awaited, and the request stays what it was at the call. */
async function sendWhenKnown(
  attachment: Attachment,
  transport: Transport,
  config: InternalAxiosRequestConfig,
  known: Promise<TokenCache | undefined>,
): ReturnType<AxiosAdapter> {
  const { policy } = attachment;
  const request = new OutgoingAxiosRequest(attachment, transport, config, !policy.wantsReplay);
  request.keep();
  let cache: TokenCache | undefined;
  try {
    cache = await waitFor(known, request.signal);
  } catch (error) {
    return request.fail(error);
  }
  if (cache !== undefined) return sendWithToken(policy, cache, request);
  policy.log.withoutToken(request.url, "no-cache");
  return sendAsGiven(request);
}

/** Sends as the caller gave it. */
function sendAsGiven(request: OutgoingAxiosRequest): Promise<AxiosResponse> {
  return request.send(undefined).then(
    (received) => request.settle(received),
    (error: unknown) => request.fail(error),
  );
}
