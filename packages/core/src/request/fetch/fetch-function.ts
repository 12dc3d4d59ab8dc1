import { isInBrowser } from "./page.ts";

/** What the platform's `fetch` is called as. */
export type FetchFunction = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Where functions are from, as their source text tells. */
const kinds = new WeakMap<FetchFunction, "node" | "native" | "other">();

/**
 * Whether this is known for sure to be the platform's own function: Node's, or in a page the browser's. Those take `Authorization` off a request that a redirect
 * sends to another origin, and have read what they were given when they return. What stands at `globalThis.fetch` may be anything, at any time, and the
 * own functions of other servers may take the token along, as that of Cloudflare's workers does with a compatibility date before 2025-09-01.
 */
export function isKnownFetch(fetch: FetchFunction): boolean {
  if (typeof fetch !== "function") return false;
  let kind = kinds.get(fetch);
  if (kind === undefined) kinds.set(fetch, (kind = kindOf(fetch)));
  return kind === "node" || (kind === "native" && isInBrowser());
}

function kindOf(fetch: FetchFunction): "node" | "native" | "other" {
  const source = Function.prototype.toString.call(fetch);
  // Node's loads its copy of undici when it is first called.
  if (/^function fetch\b[^]*\brequire\('internal\/deps\/undici\/undici'\)/.test(source)) return "node";
  // Bound functions and proxies are native code, too, and have no name or another one.
  return /^function fetch\(\)\s*\{\s*\[native code\]\s*\}$/.test(source) && fetch.name === "fetch" ? "native" : "other";
}
