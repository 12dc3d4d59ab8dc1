import { InvalidOptionError } from "../errors/tokenflight-error.ts";
import { kindOf, requireThat, requireWholeUrl } from "../options.ts";
import { parseUrl } from "../platform/fallbacks.ts";

/** Answers whether a URL is at one of the allowed origins. Exact: scheme, host and port, in whatever spelling the URL has. */
export type OriginCheck = (url: string) => boolean;

/**
 * Reads `origins`: one, or a list.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`) for an empty list and for whatever is not an https origin, http to this machine, or one of the `insecure`
 * origins, which are only permitted: they have to be among the origins too.
 */
export function createOriginCheck(origins: unknown, insecure: readonly string[] = []): OriginCheck {
  const list: unknown[] = typeof origins === "string" ? [origins] : Array.isArray(origins) ? origins : [];
  if (list.length === 0)
    throw new InvalidOptionError(
      "origins",
      'at least one origin that may have the token, such as "https://api.example.com"',
      kindOf(origins),
    );
  const allowed = [...new Set(list.map((origin) => readOrigin(origin, insecure)))];

  return (url) => {
    for (const origin of allowed) {
      // An origin in its canonical spelling, followed by what ends an authority (RFC 3986 section 3.2), cannot be another origin.
      if (url.startsWith(origin)) {
        const next = url.charCodeAt(origin.length);
        if (next === 0x2f || next === 0x3f || next === 0x23 || url.length === origin.length) return true;
      }
    }
    const parsed = parseUrl(url);
    // Credentials in the URL are the caller's own choice of authentication. The origin of a blob: URL is that of the page, so it is not asked for.
    return parsed !== null && parsed.username === "" && parsed.password === "" && allowed.includes(`${parsed.protocol}//${parsed.host}`);
  };
}

/**
 * Reads `allowInsecureOrigins`: plain http origins, such as "http://keycloak:8080", to which tokens and secrets may go although everybody on the way can read
 * them. Each is named exactly. Returns them in their canonical spelling, without those of this machine, which need no permission.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 */
export function readInsecureOrigins(value: unknown): readonly string[] {
  const where = "allowInsecureOrigins";
  requireThat(value === undefined || Array.isArray(value), where, 'an array of http origins such as "http://keycloak:8080"', value);
  const read = (value ?? []).map((one: unknown) => {
    const { protocol, origin, hostname } = parseOrigin(where, one, "http://keycloak:8080");
    if (protocol !== "http:") throw new InvalidOptionError(where, "http origins, because https needs no permission", `"${origin}"`);
    return isLoopback(hostname) ? undefined : origin;
  });
  return [...new Set(read.filter((origin: string | undefined) => origin !== undefined))];
}

function readOrigin(value: unknown, insecure: readonly string[]): string {
  const { protocol, hostname, origin } = parseOrigin("origins", value, "https://api.example.com");
  if (protocol === "https:" || (protocol === "http:" && (isLoopback(hostname) || insecure.includes(origin)))) return origin;
  const expected = "https origins, or http to this machine (localhost, 127.0.0.1, [::1]) or to what allowInsecureOrigins names";
  throw new InvalidOptionError("origins", expected, `"${String(value)}"`);
}

function parseOrigin(where: string, value: unknown, example: string): URL {
  const wrong = (expected: string, got: string): InvalidOptionError => new InvalidOptionError(where, expected, got);
  const expected = `origins such as "${example}"`;
  if (typeof value !== "string") throw wrong(expected, kindOf(value));
  requireWholeUrl(where);
  const url = parseUrl(value);
  // The URL standard reads a host and a port without a scheme as a scheme and a path.
  if (url === null || url.host === "") throw wrong(expected, /[@?#]/.test(value) ? kindOf(value) : `"${value}"`);
  if (url.username !== "" || url.password !== "") throw wrong("origins without credentials", "one with credentials");
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "")
    throw wrong("origins without a path, because a token belongs to a whole origin", "one with a path, a query or a fragment");
  if (url.hostname.includes("*")) throw wrong("origins by their full name, because each is compared exactly", `"${value}"`);
  return url;
}

/** Whether a host, as the URL standard spells it, is this machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
