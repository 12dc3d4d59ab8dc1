import { parseUrl } from "../../platform/fallbacks.ts";
import { withoutFields } from "./sent-parts.ts";

/** One request of a chain of redirects. */
export interface Hop {
  /** Where it goes. Absolute. */
  readonly url: string;
  /** How it is sent: a redirect may have turned POST into GET. */
  readonly method: string;
  /** `HeadersInit`, which Node's types do not have by that name. */
  readonly headers: NonNullable<RequestInit["headers"]>;
  /** Whether it has the body of the first one; "once" for a stream. */
  readonly hasBody: boolean | "once";
}

/** The Fetch standard's limit. */
export const mostRedirects = 20;

const normalised = /^(?:delete|get|head|options|post|put)$/i;
const codes = new Set([301, 302, 303, 307, 308]);
/** What describes a body, which a request that becomes a GET no longer has. */
const bodyFields = new Set(["content-encoding", "content-language", "content-length", "content-location", "content-type"]);
/** What another origin must not have: Fetch standard, HTTP-redirect fetch, and what Node's fetch takes off besides. */
const fieldsOfOrigin = ["authorization", "cookie", "host", "proxy-authorization"];

/**
 * The request that a response asks for, by the Fetch standard's rules; undefined if it is no redirect. `secret` are the names, in lower case, of the fields
 * that the token is in: they stay behind at another origin, and so for the rest of the chain.
 *
 * @throws TypeError where fetch does.
 */
export function nextHop(hop: Hop, response: Response, secret: readonly string[]): Hop | undefined {
  const location = codes.has(response?.status) ? response.headers?.get?.("location") : undefined;
  if (location == null) return undefined;
  const target = parseUrl(decoded(location), hop.url);
  if (target === null || !/^https?:$/.test(target.protocol)) throw networkError("a redirect to what is no http or https URL");
  if (target.hash === "") target.hash = new URL(hop.url).hash;
  const isSameOrigin = target.origin === new URL(hop.url).origin;
  if (target.username !== "" || target.password !== "") throw networkError("a redirect to a URL with credentials");

  const { status } = response;
  const { hasBody } = hop;
  // HTTP-redirect fetch, step 11: whatever becomes of the method.
  if (hasBody === "once" && status !== 303) throw networkError("a redirect of a body that can be read once");
  const method = normalMethod(hop.method);
  const becomesGet = status === 303 ? method !== "GET" && method !== "HEAD" : (status === 301 || status === 302) && method === "POST";
  const dropped = new Set(isSameOrigin ? [] : [...fieldsOfOrigin, ...secret]);
  if (becomesGet) for (const name of bodyFields) dropped.add(name);
  return {
    url: target.href,
    method: becomesGet ? "GET" : method,
    headers: dropped.size === 0 ? hop.headers : withoutFields(hop.headers, dropped),
    hasBody: !becomesGet && hasBody,
  };
}

/** Of a header field each byte is a character, and servers send UTF-8 (as Node's fetch and browsers read it). */
function decoded(location: string): string {
  return /[^\0-\xff]/.test(location) ? location : new TextDecoder().decode(Uint8Array.from(location, (byte) => byte.charCodeAt(0)));
}

/** A method as fetch sends it (Fetch standard, normalize): six names in upper case, and any other as it was given. */
export function normalMethod(method: string): string {
  return normalised.test(method) ? method.toUpperCase() : method;
}

/** What fetch rejects with when it cannot go on. */
export function networkError(reason: string): TypeError {
  return new TypeError("fetch failed", { cause: new Error(reason) });
}
