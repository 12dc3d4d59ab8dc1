/** Takes what was sent in confidence out of a text that comes back. Secrets shorter than `shortest` characters stay. */
export type Mask = (text: string, shortest?: number) => string;

/** Header fields that every request has and that hold no secret. */
const openHeaders = new Set(["accept", "content-type", "user-agent"]);
/** Body fields of a client authentication that hold no secret. */
const openFields = new Set(["grant_type", "client_id", "client_assertion_type"]);

/**
 * Makes the mask for one request. Everything in it is taken for secret but the headers and fields known not to be, and `open`, the
 * names of the grant's own open fields: so it covers whatever a client authentication puts on.
 */
export function createMask(headers: Readonly<Record<string, string>>, body: URLSearchParams, open: ReadonlySet<string>): Mask {
  const secrets = new Set<string>();
  for (const [name, value] of body) {
    if (!openFields.has(name) && !open.has(name)) secrets.add(value).add(new URLSearchParams([["", value]]).toString().slice(1));
  }
  for (const [name, value] of Object.entries(headers)) {
    if (openHeaders.has(name)) continue;
    secrets.add(value);
    for (const part of credentialsIn(value)) secrets.add(part);
  }
  secrets.delete("");
  // The longest first: a secret that holds another one goes as a whole.
  const ordered = [...secrets].toSorted((one, other) => other.length - one.length);
  return (text, shortest = 1) =>
    ordered.reduce((masked, secret) => (secret.length < shortest ? masked : masked.replaceAll(secret, "***")), text);
}

/** What follows the name of a scheme; of Basic also the pair and the secret in it, form-encoded and not. */
function credentialsIn(header: string): string[] {
  const [, scheme, credentials] = /^(\S+) +(\S+)$/.exec(header) ?? [];
  if (scheme === undefined || credentials === undefined) return [];
  if (scheme.toLowerCase() !== "basic") return [credentials];
  try {
    const pair = new TextDecoder().decode(Uint8Array.from(atob(credentials), (character) => character.charCodeAt(0)));
    const secret = pair.slice(pair.indexOf(":") + 1);
    return [credentials, pair, secret, new URLSearchParams(`=${secret.replaceAll("&", "%26")}`).get("") ?? ""];
  } catch {
    // Not Base64 after all.
    return [credentials];
  }
}
