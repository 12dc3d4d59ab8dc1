import { hasOwn } from "../platform/own.ts";
/** In the year 5138: a greater number of seconds since the UNIX epoch is one of milliseconds. */
export const latestSecond = 1e11;
/** Ten years in seconds: longer lifetimes are mistakes, and this keeps the arithmetic exact. */
const longestLifetime = 315_360_000;

/** The lifetime in seconds, by its names: RFC 6749 section 5.1; Zoho, whose `expires_in` once was in milliseconds; camel case. */
const lifetimeNames = ["expires_in_sec", "expires_in", "expiresIn"] as const;
/**
 * The end as a moment, by the names that libraries and servers give it: openid-client and Auth.js (`expires_at`), Azure (`expires_on`, `expiresOn`),
 * Google's libraries (`expiry_date`, in milliseconds), AWS (`expiresAt`), Go (`expiry`), ASP.NET (`.expires`).
 */
const momentNames = ["expires_on", "expiresOn", "expiry_date", "expiresAt", "expiry", ".expires"] as const;

export const expiryNames: readonly string[] = ["expires_at", ...lifetimeNames, ...momentNames];

/** Reads a field of a token response; undefined for one that says nothing. */
export type FieldReader = (name: string) => unknown;

/** Seconds since the UNIX epoch, in 1973, before there were any tokens. */
const earliestSecond = 1e8;
/** Seconds. Less, where a moment is expected, is no lifetime either. */
const shortestMisnamed = 60;

export interface ExpiryOptions {
  /** Is told the name of each field that cannot be read, and counts as missing. */
  readonly ignored: (name: string) => void;
  /** Whether a token endpoint has just said it. */
  readonly isNew: boolean;
}

/**
 * When a token ends, in milliseconds since the UNIX epoch; undefined when nothing says it. `expires_at` comes first, because a token set that was read
 * before has it; then a lifetime, which needs no clock of another machine. Last comes a lifetime that a new answer has under the name of a moment.
 */
export function readExpiry(field: FieldReader, now: number, { ignored, isNew }: ExpiryOptions): number | undefined {
  // A token set that was read before has its time of issue. One that may be old must not count as new, and where the clock itself is so early, all moments are.
  const mayBeMisnamed = isNew && typeof field("issued_at") !== "number" && now > earliestSecond * 1000;
  let misnamed: number | undefined;
  const moment = (name: string): number | undefined => {
    const value = field(name);
    if (value === undefined) return undefined;
    const time = momentOf(value);
    const isLate = time >= earliestSecond * 1000;
    // The beginning of time is what servers say of tokens that do not expire, and theirs may lie before the UNIX epoch.
    if (time <= 0) return undefined;
    if (isLate || (time > 0 && !mayBeMisnamed)) return Math.min(Math.max(time, 1), latestSecond * 1000);
    const seconds = value instanceof Date ? 0 : numberOf(value);
    if (seconds >= shortestMisnamed) misnamed ??= now + seconds * 1000;
    else ignored(name);
    return undefined;
  };
  const end = moment("expires_at");
  if (end !== undefined) return end;
  for (const name of lifetimeNames) {
    const value = field(name);
    const seconds = secondsOf(value);
    // A lifetime of zero is what servers say of tokens that do not expire.
    if (seconds > 0) return endAfter(seconds, now);
    if (value !== undefined && seconds !== 0) ignored(name);
  }
  for (const name of momentNames) {
    const other = moment(name);
    if (other !== undefined) return other;
  }
  return misnamed;
}

/** What is too long for a lifetime is a moment, if it is one that is near enough. */
function endAfter(seconds: number, now: number): number {
  const latest = now + longestLifetime * 1000;
  const isLifetime = seconds <= longestLifetime || momentOf(seconds) <= now;
  return isLifetime ? Math.min(now + seconds * 1000, latest) : Math.min(momentOf(seconds), latest);
}

const lifetimeText = /^(\d+(?:\.\d+)?)\s*(?:|s|secs?|seconds?|(m|mins?|minutes?)|(h|hrs?|hours?)|(d|days?))$/i;

/** Seconds; NaN for what is no lifetime. A text is read whole or not at all: "1,800" is not one second. */
function secondsOf(value: unknown): number {
  if (typeof value !== "string") return typeof value === "number" ? value : Number.NaN;
  const [, number, minutes, hours, days] = lifetimeText.exec(value.trim()) ?? [];
  return Number(number) * (minutes ? 60 : hours ? 3600 : days ? 86_400 : 1);
}

/** What the parsers of dates agree on. They find a moment in "soon 5" and in "-1", too. */
const dateText = /^\d{4}-\d\d-\d\d|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b.*\b\d{4}\b|^\d\d?\/\d\d?\/\d{4}\b/i;
/** Characters. */
const longestDate = 64;
/** The year 1, which Go and .NET begin with, and some parsers take for 2001. */
const yearOne = /(?:^|\D)0001(?!\d)/;

/** Milliseconds since the UNIX epoch; NaN for what is no moment. */
function momentOf(value: unknown): number {
  if (value instanceof Date) return value.getTime();
  const number = numberOf(value);
  if (!Number.isNaN(number)) return number > latestSecond ? number : number * 1000;
  const text = typeof value === "string" && value.length <= longestDate ? value.trim() : "";
  if (!dateText.test(text)) return Number.NaN;
  return yearOne.test(text) ? 0 : Date.parse(text);
}

function numberOf(value: unknown): number {
  if (typeof value === "string") return /^\s*-?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : Number.NaN;
  return typeof value === "number" ? value : Number.NaN;
}

/**
 * When an access token ends that is a JWT (RFC 9068), by its own claims; undefined for every other. Nothing is verified: it only says when to refresh.
 * Where this machine's clock says that a token is over which has just come from the token endpoint (`isNew`), the clocks differ, and its lifetime counts from now on.
 */
export function readJwtExpiry(accessToken: string, now: number, isNew: boolean): number | undefined {
  const [header, payload, signature, ...more] = accessToken.startsWith("eyJ") ? accessToken.split(".", 4) : [];
  if (header === undefined || payload === undefined || signature === undefined || more.length > 0) return undefined;
  try {
    const claims: unknown = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    const claim = (name: string): number => {
      const value: unknown =
        typeof claims === "object" && claims !== null && hasOwn(claims, name) ? (claims as Record<string, unknown>)[name] : undefined;
      return typeof value === "number" && value > 0 && value < latestSecond ? value * 1000 : Number.NaN;
    };
    const [end, begin] = [claim("exp"), claim("iat")];
    if (Number.isNaN(end)) return undefined;
    if (!isNew) return end;
    const lifetime = Math.min(end - begin, longestLifetime * 1000);
    // As before every token, 1973 is said by a clock that nobody has set, or by somebody who means no moment.
    if (!(lifetime > 0)) return end < earliestSecond * 1000 && now > earliestSecond * 1000 ? undefined : end;
    return end > now ? Math.min(end, now + lifetime) : now + lifetime;
  } catch {
    return undefined;
  }
}
