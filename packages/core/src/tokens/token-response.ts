import { InvalidTokenResponseError } from "../errors.ts";
import { kindOf } from "../options.ts";
import { TokenSet } from "./token-set.ts";

/** The fields of RFC 6749 section 5.1, as a token endpoint or a token source of your own gives them. */
export interface TokenResponse {
  access_token: string;
  /** "Bearer" when it is left out. */
  token_type?: string | null | undefined;
  /** Lifetime in seconds, as a number or in digits. */
  expires_in?: number | string | null | undefined;
  /** Expiry as a Date, in ISO 8601, or in seconds since the UNIX epoch; wins over `expires_in`. */
  expires_at?: Date | number | string | null | undefined;
  scope?: string | readonly string[] | null | undefined;
  refresh_token?: string | null | undefined;
  id_token?: string | null | undefined;
  [extra: string]: unknown;
}

const named = new Set(["access_token", "token_type", "expires_in", "expires_at", "issued_at", "scope", "refresh_token", "id_token"]);

/** A header can carry it (RFC 9110 section 5.5) and RFC 6749 appendix A allows it; a space would end the token. */
const tokenText = /^[\x21-\x7e]+$/;
/** `token` of RFC 9110 section 5.6.2, which names an authentication scheme. */
const schemeText = /^[!#$%&'*+.^_`|~\w-]+$/;
/** Ten years in seconds: longer lifetimes are mistakes, and this keeps the arithmetic exact. */
const longestLifetime = 315_360_000;
/** Characters. A token endpoint's answer is not read beyond that either. */
const longestToken = 262_144;
/** Fields that no standard name covers: how many are kept, and how many characters of JSON. */
const mostExtraFields = 64;
const longestExtra = 16_384;
/** In the year 5138: a greater number of seconds since the UNIX epoch is one of milliseconds. */
const latestSecond = 1e11;

/** Fields that a refresh response leaves out are carried over from `previous`. Throws InvalidTokenResponseError, which shows no value. */
export function readTokenResponse(response: TokenResponse, now: number, previous?: TokenSet): TokenSet {
  if (typeof response !== "object" || response === null || Array.isArray(response))
    throw new InvalidTokenResponseError(`The token source gave ${kindOf(response)}; expected a token set or a token response.`);
  const own = (name: string): unknown => (Object.hasOwn(response, name) ? response[name] : undefined);
  // A field of null, and one without any text, is one that was left out.
  const field = (name: string): unknown => (own(name) === "" ? undefined : (own(name) ?? undefined));
  const accessToken = secret("access_token", field("access_token"));
  if (accessToken === undefined) throw wrong("access_token", "a string that is not empty", own("access_token"));
  const issuedAt = field("issued_at");
  return new TokenSet({
    accessToken,
    tokenType: tokenType(field("token_type")),
    issuedAt: typeof issuedAt === "number" && issuedAt >= 0 && issuedAt <= latestSecond ? issuedAt * 1000 : now,
    expiresAt: expiresAt(field("expires_at"), field("expires_in"), now),
    scope: scope(field("scope")) ?? previous?.scope,
    refreshToken: secret("refresh_token", field("refresh_token")) ?? previous?.refreshToken,
    idToken: secret("id_token", field("id_token")) ?? previous?.idToken,
    extra: extra(response, previous),
  });
}

/** The same for a token set, which may have been made by hand: what no header or store can carry is found before it is used. */
export function readTokenSet(given: TokenSet | TokenResponse, now: number, previous?: TokenSet): TokenSet {
  return readTokenResponse(given instanceof TokenSet ? toTokenResponse(given) : given, now, previous);
}

/** The reverse of `readTokenResponse`: everything in the token set, secrets too, for a store or a session of your own. */
export function toTokenResponse(tokenSet: TokenSet): TokenResponse {
  return {
    ...tokenSet.extra,
    access_token: tokenSet.accessToken,
    token_type: tokenSet.tokenType,
    issued_at: tokenSet.issuedAt / 1000,
    ...(tokenSet.expiresAt === undefined ? {} : { expires_at: tokenSet.expiresAt / 1000 }),
    ...(tokenSet.scope === undefined ? {} : { scope: tokenSet.scope }),
    ...(tokenSet.refreshToken === undefined ? {} : { refresh_token: tokenSet.refreshToken }),
    ...(tokenSet.idToken === undefined ? {} : { id_token: tokenSet.idToken }),
  };
}

function wrong(field: string, expected: string, value: unknown): InvalidTokenResponseError {
  // A number may be the token itself.
  const got = typeof value === "number" ? "a number" : kindOf(value);
  return new InvalidTokenResponseError(`The token response's ${field} is not usable: expected ${expected}, got ${got}.`);
}

function secret(field: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string") throw wrong(field, "a string", value);
  if (value.length > longestToken) throw wrong(field, `at most ${longestToken} characters`, value);
  if (!tokenText.test(value)) throw wrong(field, "visible ASCII characters without spaces", value);
  return value;
}

function tokenType(value: unknown): string {
  if (value === undefined) return "Bearer";
  if (typeof value !== "string" || !schemeText.test(value)) throw wrong("token_type", "the name of an authentication scheme", value);
  return value.toLowerCase() === "bearer" ? "Bearer" : value;
}

/** A lifetime of zero, and an expiry at the beginning of time, are what servers say of tokens that do not expire. */
function expiresAt(at: unknown, lifetime: unknown, now: number): number | undefined {
  if (at !== undefined && moment(at) !== 0) {
    const time = moment(at);
    if (Number.isNaN(time)) throw wrong("expires_at", "a Date, an ISO 8601 time or seconds since the UNIX epoch", at);
    return Math.min(Math.max(time, 1), latestSecond * 1000);
  }
  // Number.parseFloat reads "3600s" as 3600, as the servers that send it mean it.
  const seconds = typeof lifetime === "number" ? lifetime : typeof lifetime === "string" ? Number.parseFloat(lifetime) : Number.NaN;
  if (Number.isNaN(seconds) || seconds === 0) return undefined;
  if (seconds < 0) throw wrong("expires_in", "a lifetime in seconds, zero or more", lifetime);
  return now + Math.min(seconds, longestLifetime) * 1000;
}

function moment(value: unknown): number {
  if (value instanceof Date) return value.getTime();
  const seconds = typeof value === "string" && /^\d{9,}(\.\d+)?$/.test(value) ? Number(value) : value;
  if (typeof seconds === "number") return seconds > latestSecond ? seconds : seconds * 1000;
  return typeof seconds === "string" ? Date.parse(seconds) : Number.NaN;
}

function scope(value: unknown): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value.join(" ") || undefined;
  throw wrong("scope", "a string", value);
}

/** What the last answer said comes first; what answers before it said fills what is left of the room. */
function extra(response: TokenResponse, previous: TokenSet | undefined): Readonly<Record<string, unknown>> | undefined {
  const unnamed = Object.keys(response).filter((name) => !named.has(name));
  if (unnamed.length === 0) return previous?.extra;
  // Without a prototype, a field named `__proto__` is a field like every other.
  const fields: Record<string, unknown> = Object.create(null);
  let [room, size] = [mostExtraFields, longestExtra];
  const keep = (name: string, value: unknown): void => {
    const length = name.length + lengthInJson(value);
    if (room === 0 || length > size) return;
    [room, size] = [room - 1, size - length];
    fields[name] = value;
  };
  for (const name of unnamed) keep(name, response[name]);
  for (const [name, value] of Object.entries(previous?.extra ?? {})) if (!Object.hasOwn(response, name)) keep(name, value);
  return Object.freeze(fields);
}

function lengthInJson(value: unknown): number {
  try {
    return JSON.stringify(value)?.length ?? 0;
  } catch {
    throw new InvalidTokenResponseError("The token response has a field that JSON cannot hold, so that no store can keep it.");
  }
}
