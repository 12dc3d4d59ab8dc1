import { isLoopback, parseUrl } from "@tokenflight/core";

/** The server as whose word a URL comes: on the network, or on this machine. */
export type NamedBy = Pick<URL, "protocol" | "hostname">;

/**
 * Reads a URL that a server names, for requests and browsers: https without credentials, or http to this machine where the server itself is asked so. A server
 * on the network must not have anything sent to what listens on this machine. Undefined for everything else, whatever it is.
 */
export function safeUrl(given: unknown, by: NamedBy): URL | undefined {
  const url = isPlain(given) ? parseUrl(given) : null;
  if (url === null || url.username !== "" || url.password !== "") return undefined;
  const isHere = isLoopback(by.hostname) && by.protocol === "http:";
  const mayBeAsked =
    url.protocol === "https:"
      ? !isNearby(url.hostname) || isLoopback(by.hostname)
      : url.protocol === "http:" && isHere && isLoopback(url.hostname);
  return mayBeAsked ? url : undefined;
}

/** Whether a text is as a URL is written. Parsers leave out the line breaks of others, or take a backslash for a slash: two readers of it would see two URLs. */
export function isPlain(given: unknown): given is string {
  return typeof given === "string" && /^[\x21-\x5b\x5d-\x7e]+$/.test(given);
}

/** Whether a host is this machine, or the addresses that every machine has for itself and its cable, however it is spelt. */
function isNearby(hostname: string): boolean {
  const host = hostname.replace(/\.$/, "");
  if (isLoopback(host) || host.endsWith(".localhost") || /^0\.|^169\.254\./.test(host)) return true;
  // The URL standard writes an IPv4 address within IPv6 as two groups of hex digits: ::, ::ffff:7f00:1, ::7f00:1, and fe80::/10.
  return /^\[(::|(::ffff:|::)(7f[0-9a-f]{2}|a9fe|0):[0-9a-f]+|fe[89ab][0-9a-f]:.*)\]$/.test(host);
}

/** A URL in messages: without its query, which may hold a key of the user's, and cut. */
export function shown(given: unknown): string {
  const url = given instanceof URL ? given : typeof given === "string" ? parseUrl(given) : null;
  return url === null || !/^https?:$/.test(url.protocol)
    ? "something that is no http or https URL"
    : `${url.origin}${url.pathname}`.slice(0, 200);
}
