import { findInBase64, findSecret, inHex } from "./spellings.ts";

/** Replaces the secrets of a request in a text that came back. Secrets shorter than `shortest` characters stay. */
export type Mask = (text: string, shortest?: number) => string;

/** Header fields that every request has and that are no secret. */
const openHeaders = new Set(["accept", "content-type", "user-agent"]);
/** Body fields of a client authentication that are no secret. */
const openFields = new Set(["client_id", "client_assertion_type"]);

/** Characters of a text that are looked at, and of what comes of it: a server's words are cut earlier, and each character takes its time. */
const most = { looked: 8192, kept: 320 };

/**
 * Makes the mask for one request. Everything in it is treated as secret but the headers and fields known not to be, and `open`, the names of
 * the grant's own fields that are no secret: so the mask covers whatever a client authentication adds.
 */
export function createMask(headers: Readonly<Record<string, string>>, body: string, open: ReadonlySet<string>): Mask {
  const secrets: string[] = [];
  for (const [name, value] of new URLSearchParams(body)) if (!openFields.has(name) && !open.has(name)) secrets.push(value);
  for (const [name, value] of Object.entries(headers)) if (!openHeaders.has(name)) secrets.push(value, ...credentialsIn(value));
  return maskOf(secrets);
}

/** Makes a mask for these texts, in whatever spelling a server gives them back. */
export function maskOf(given: readonly string[]): Mask {
  // Some servers decode what is not encoded.
  const secrets = [...new Set(given.flatMap((secret) => [secret, formDecode(secret)]))].filter((secret) => secret !== "");
  return (text, shortest = 1) => {
    const hidden = secrets.filter((secret) => secret.length >= shortest);
    const plain = [...hidden, ...hidden.flatMap(inHex)].map(findSecret);
    const encoded = [...new Set(hidden.flatMap((secret) => [secret, formEncode(secret)]))].flatMap(findInBase64);
    const shown = text.slice(0, most.looked);
    let masked = "";
    let kept = 0;
    let at = 0;
    for (; at < shown.length && masked.length + at - kept < most.kept; at += 1) {
      const end = Math.max(...plain.map((find) => find(shown, at) ?? 0), ...encoded.map((find) => endOfBase64(shown, find(shown, at))));
      if (end <= at) continue;
      const start = encoded.some((find) => find(shown, at) !== undefined) ? startOfBase64(shown, kept, at) : at;
      masked += `${shown.slice(kept, start)}***`;
      [kept, at] = [end, end - 1];
    }
    return masked + shown.slice(kept, at);
  };
}

/** Base64 is hidden as a whole, as what stands beside the secret in it is made of it, too. */
const base64Character = String.raw`(?:[A-Za-z\d+/_-]|%(?:25)*2[bfBF]|\\+/)`;
const restOfBase64 = new RegExp(`${base64Character}*(?:=|%(?:25)*3[dD])*`, "y");

function endOfBase64(text: string, end: number | undefined): number {
  if (end === undefined) return 0;
  restOfBase64.lastIndex = end;
  return restOfBase64.test(text) ? restOfBase64.lastIndex : end;
}

function startOfBase64(text: string, from: number, at: number): number {
  const [before = ""] = new RegExp(`${base64Character}*$`).exec(text.slice(Math.max(from, at - 128), at)) ?? [];
  return at - before.length;
}

/** Keeps a server's words to the characters of RFC 6749 section 5.2, so that a log line stays one line, and to `longest` characters. */
export function clean(text: string, longest: number): string {
  const cleaned = text
    .replaceAll('"', "'")
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[^\x20-\x7e]|\\/gu, "?");
  return cleaned.trim().slice(0, longest);
}

function formEncode(text: string): string {
  return new URLSearchParams([["", text]]).toString().slice(1);
}

function formDecode(text: string): string {
  return new URLSearchParams(`=${text.replaceAll("&", "%26")}`).get("") ?? "";
}

/** Returns what follows the name of a scheme; of Basic also the pair, form-encoded and not, and the secret in it. */
function credentialsIn(header: string): string[] {
  const [, scheme, credentials] = /^(\S+) +(\S+)$/.exec(header) ?? [];
  if (scheme === undefined || credentials === undefined) return [];
  if (scheme.toLowerCase() !== "basic") return [credentials];
  try {
    const pair = new TextDecoder().decode(Uint8Array.from(atob(credentials), (character) => character.charCodeAt(0)));
    const secret = pair.slice(pair.indexOf(":") + 1);
    return [credentials, pair, formDecode(pair), secret];
  } catch {
    // The credentials are not Base64 after all.
    return [credentials];
  }
}
