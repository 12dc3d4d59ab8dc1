import { InvalidOptionError, kindOf, requireText } from "@tokenflight/core";

/**
 * Reads the URL of a server that is sent credentials: absolute, https or http to this machine, without a fragment (RFC 6749 section 3.2)
 * and without credentials of its own. Throws InvalidOptionError.
 */
export function requireServerUrl(where: string, value: unknown): URL {
  requireText(where, value);
  const url = URL.parse(value as string);
  if (url === null) throw new InvalidOptionError(where, 'a URL such as "https://auth.example.com/oauth/token"', kindOf(value));
  if (url.username !== "" || url.password !== "") throw new InvalidOptionError(where, "a URL without credentials", "one with credentials");
  if ((value as string).includes("#")) throw new InvalidOptionError(where, "a URL without a fragment", "one with a fragment");
  if (!keepsSecrets(url)) {
    throw new InvalidOptionError(
      where,
      "an https URL, or http to this machine (localhost, 127.0.0.1, [::1])",
      `one of "${url.protocol}//${url.host}"`,
    );
  }
  return url;
}

/** Whether nobody on the way can read what is sent there. */
export function keepsSecrets({ protocol, hostname }: URL): boolean {
  if (protocol === "https:") return true;
  return protocol === "http:" && (hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname));
}
