import {
  BearerPolicy,
  InvalidOptionError,
  kindOf,
  sendWithToken,
  shared,
  type BearerOptions,
  type TokenCache,
  type TokenCacheSelector,
} from "@tokenflight/core";
import type { AxiosAdapter, AxiosInstance, AxiosResponse, InternalAxiosRequestConfig } from "axios";
import { createAdapterWrapper } from "./adapter-wrapper.ts";
import { OutgoingAxiosRequest } from "./outgoing-request.ts";
import { hasOwnCredentials, onPage, targetOf } from "./target.ts";

const attached = shared("axios.attached.1", () => new WeakSet<object>());

/**
 * Puts a fresh token on this instance's requests to the allowed origins and replays a refused one once. Returns a function that
 * detaches it again.
 *
 * `origins` defaults to the origin of the instance's `baseURL`. A request with an `Authorization` header of its own (`null` for none at
 * all), with `auth`, or with credentials in its URL is sent untouched. Throws InvalidOptionError.
 */
export function attachBearer(
  instance: AxiosInstance,
  tokens: TokenCache | TokenCacheSelector<InternalAxiosRequestConfig>,
  options: BearerOptions<AxiosResponse> = {},
): () => void {
  if (typeof instance?.interceptors?.request?.use !== "function") {
    throw new InvalidOptionError("instance", "an axios instance", kindOf(instance));
  }
  if (attached.has(instance)) {
    throw new InvalidOptionError("instance", "an axios instance without bearer tokens; detach the other ones first", "one that has them");
  }
  const { defaults } = instance;
  const base = URL.parse(onPage((Object.hasOwn(defaults, "baseURL") && defaults.baseURL) || ""));
  const policy = new BearerPolicy(tokens, options, base === null ? undefined : [base.origin]);
  const wrapAdapter = createAdapterWrapper((adapter, config) => send(policy, adapter, config));

  // The interceptor only replaces the adapter, so its place among the others does not matter. It is synchronous, so theirs may be, too.
  const interceptor = instance.interceptors.request.use(
    (config) => {
      config.adapter = wrapAdapter(config);
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

function send(
  policy: BearerPolicy<InternalAxiosRequestConfig, AxiosResponse>,
  adapter: AxiosAdapter,
  config: InternalAxiosRequestConfig,
): Promise<AxiosResponse> {
  const target = targetOf(config);
  const isAllowed = policy.allows(onPage(target));
  const cache = isAllowed && !hasOwnCredentials(config) ? policy.cacheFor(config) : undefined;
  if (cache === undefined) return adapter(config) as Promise<AxiosResponse>;
  const request = new OutgoingAxiosRequest(adapter, config, target);
  return sendWithToken(policy, cache, request).then(
    (response) => request.settle(response),
    (error: unknown) => request.fail(error),
  );
}
