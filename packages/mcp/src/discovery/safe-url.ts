import { isLoopback, parseUrl } from "@tokenflight/core";

/** The server as whose word a URL comes: on the network, or on this machine. */
export type NamedBy = Pick<URL, "protocol" | "hostname">;

/**
 * Reads a URL that a server names, for requests and browsers: https without credentials, or http to this machine where the server itself is asked so. A server
 * on the network must not have anything sent to what listens on this machine. Undefined for everything else, whatever it is.
 */
export function safeUrl(given: unknown, by: NamedBy): URL | undefined {
  const url = typeof given === "string" ? parseUrl(given) : null;
  if (url === null || url.username !== "" || url.password !== "") return undefined;
  const isHere = isLoopback(by.hostname) && by.protocol === "http:";
  const mayBeAsked =
    url.protocol === "https:"
      ? !isLoopback(url.hostname) || isLoopback(by.hostname)
      : url.protocol === "http:" && isHere && isLoopback(url.hostname);
  return mayBeAsked ? url : undefined;
}

/** A URL in messages: without its query, and cut. */
export function shown(given: unknown): string {
  const url = typeof given === "string" ? parseUrl(given) : null;
  return url === null || !/^https?:$/.test(url.protocol)
    ? "something that is no http or https URL"
    : `${url.origin}${url.pathname}`.slice(0, 200);
}
