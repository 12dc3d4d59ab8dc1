import { InvalidOptionError } from "../errors.ts";
import { kindOf } from "../options.ts";

/** Answers whether a URL is at one of the allowed origins. Exact: scheme, host and port, in whatever spelling the URL has. */
export type OriginCheck = (url: string) => boolean;

/** Throws InvalidOptionError for an empty list and for whatever is not an https origin or http to this machine. */
export function createOriginCheck(origins: unknown): OriginCheck {
  const list: unknown[] = typeof origins === "string" ? [origins] : Array.isArray(origins) ? origins : [];
  if (list.length === 0) throw invalid('at least one origin that may have the token, such as "https://api.example.com"', kindOf(origins));
  const allowed = [...new Set(list.map(readOrigin))];

  return (url) => {
    for (const origin of allowed) {
      // An origin in its canonical spelling, followed by what ends an authority (RFC 3986 section 3.2), cannot be another origin.
      if (url.startsWith(origin)) {
        const next = url.charCodeAt(origin.length);
        if (next === 0x2f || next === 0x3f || next === 0x23 || url.length === origin.length) return true;
      }
    }
    const parsed = URL.parse(url);
    // Credentials in the URL are the caller's own choice of authentication. The origin of a blob: URL is that of the page, so it is not asked for.
    return parsed !== null && parsed.username === "" && parsed.password === "" && allowed.includes(`${parsed.protocol}//${parsed.host}`);
  };
}

function invalid(expected: string, got: string): InvalidOptionError {
  return new InvalidOptionError("origins", expected, got);
}

function readOrigin(value: unknown): string {
  const expected = 'origins such as "https://api.example.com"';
  if (typeof value !== "string") throw invalid(expected, kindOf(value));
  const url = URL.parse(value);
  // The URL standard reads a host and a port without a scheme as a scheme and a path.
  if (url === null || url.host === "") throw invalid(expected, /[@?#]/.test(value) ? kindOf(value) : `"${value}"`);
  if (url.username !== "" || url.password !== "") throw invalid("origins without credentials", "one with credentials");
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "")
    throw invalid("origins without a path, because a token belongs to a whole origin", "one with a path, a query or a fragment");
  if (url.hostname.includes("*")) throw invalid("origins by their full name, because each is compared exactly", `"${value}"`);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname)))
    throw invalid("https origins, or http to this machine (localhost, 127.0.0.1, [::1])", `"${value}"`);
  return url.origin;
}

/** Whether a host, as the URL standard spells it, is this machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
