import type { HeaderFields } from "@tokenflight/core";
import type { InternalAxiosRequestConfig } from "axios";

/** What axios-cache-interceptor writes into the config of a request that it may keep the answer of. */
interface CacheSettings {
  cachePredicate?: unknown;
}

/**
 * A cache that is made of interceptors does not see our fields, so it would give one user the answer to another, although the API says that answers vary by
 * them. It keeps no such answer.
 */
export function keepOutOfCache(config: InternalAxiosRequestConfig, vary: () => string | undefined, ours: HeaderFields): void {
  const { cache } = config as { cache?: CacheSettings | false };
  if (typeof cache !== "object" || cache === null) return;
  const names = (vary() ?? "").toLowerCase().split(/[\s,]+/);
  const isOurs = Object.keys(ours).some((name) => names.includes("*") || names.includes(name.toLowerCase()));
  if (isOurs) cache.cachePredicate = () => false;
}
