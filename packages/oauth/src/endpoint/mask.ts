/** Replaces the secrets of a request in a text that came back. Secrets shorter than `shortest` characters stay. */
export type Mask = (text: string, shortest?: number) => string;

/** Header fields that every request has and that are no secret. */
const openHeaders = new Set(["accept", "content-type", "user-agent"]);
/** Body fields of a client authentication that are no secret. */
const openFields = new Set(["client_id", "client_assertion_type"]);

/**
 * Makes the mask for one request. Everything in it is treated as secret but the headers and fields known not to be, and `open`, the names of
 * the grant's own fields that are no secret: so the mask covers whatever a client authentication adds.
 */
export function createMask(headers: Readonly<Record<string, string>>, body: string, open: ReadonlySet<string>): Mask {
  const secrets = new Set<string>();
  for (const [name, value] of new URLSearchParams(body)) {
    if (!openFields.has(name) && !open.has(name)) secrets.add(value).add(new URLSearchParams([["", value]]).toString().slice(1));
  }
  for (const [name, value] of Object.entries(headers)) {
    if (openHeaders.has(name)) continue;
    secrets.add(value);
    for (const part of credentialsIn(value)) secrets.add(part);
  }
  secrets.delete("");
  // The longest first, so that a secret with another one in it is replaced as a whole.
  const ordered = [...secrets].toSorted((one, other) => other.length - one.length);
  return (text, shortest = 1) =>
    ordered.reduce((masked, secret) => (secret.length < shortest ? masked : masked.replaceAll(secret, "***")), text);
}

/** Keeps a server's words to the characters of RFC 6749 section 5.2, so that a log line stays one line, and to `longest` characters. */
export function clean(text: string, longest: number): string {
  const cleaned = text
    .replaceAll('"', "'")
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[^\x20-\x7e]|\\/gu, "?");
  return cleaned.trim().slice(0, longest);
}

/** Returns what follows the name of a scheme; of Basic also the pair and the secret in it, form-encoded and not. */
function credentialsIn(header: string): string[] {
  const [, scheme, credentials] = /^(\S+) +(\S+)$/.exec(header) ?? [];
  if (scheme === undefined || credentials === undefined) return [];
  if (scheme.toLowerCase() !== "basic") return [credentials];
  try {
    const pair = new TextDecoder().decode(Uint8Array.from(atob(credentials), (character) => character.charCodeAt(0)));
    const secret = pair.slice(pair.indexOf(":") + 1);
    return [credentials, pair, secret, new URLSearchParams(`=${secret.replaceAll("&", "%26")}`).get("") ?? ""];
  } catch {
    // The credentials are not Base64 after all.
    return [credentials];
  }
}
