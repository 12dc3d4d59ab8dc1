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

/**
 * When a token ends, in milliseconds since the UNIX epoch; undefined when nothing says it. `expires_at` comes first, because a token set that was read
 * before has it; then a lifetime, which needs no clock of another machine. A field that cannot be read counts as missing, and `ignored` is told its name.
 */
export function readExpiry(field: FieldReader, now: number, ignored: (name: string) => void): number | undefined {
  const end = readMoment("expires_at", field, ignored);
  if (end !== undefined) return end;
  for (const name of lifetimeNames) {
    const value = field(name);
    const seconds = readSeconds(value);
    // A lifetime of zero is what servers say of tokens that do not expire.
    if (seconds > 0) return now + Math.min(seconds, longestLifetime) * 1000;
    if (value !== undefined && seconds !== 0) ignored(name);
  }
  for (const name of momentNames) {
    const moment = readMoment(name, field, ignored);
    if (moment !== undefined) return moment;
  }
  return undefined;
}

/** Number.parseFloat reads "3600s" as 3600, as the servers that send it mean it. */
function readSeconds(value: unknown): number {
  return typeof value === "number" ? value : typeof value === "string" ? Number.parseFloat(value) : Number.NaN;
}

/** The beginning of time is what servers say of tokens that do not expire. */
function readMoment(name: string, field: FieldReader, ignored: (name: string) => void): number | undefined {
  const value = field(name);
  if (value === undefined) return undefined;
  const time = momentOf(value);
  if (time === 0) return undefined;
  if (Number.isNaN(time)) {
    ignored(name);
    return undefined;
  }
  return Math.min(Math.max(time, 1), latestSecond * 1000);
}

function momentOf(value: unknown): number {
  if (value instanceof Date) return value.getTime();
  const number = typeof value === "string" && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  if (typeof number === "number") return number > latestSecond ? number : number * 1000;
  return typeof number === "string" ? Date.parse(number) : Number.NaN;
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
        typeof claims === "object" && claims !== null && Object.hasOwn(claims, name)
          ? (claims as Record<string, unknown>)[name]
          : undefined;
      return typeof value === "number" && value > 0 && value < latestSecond ? value * 1000 : Number.NaN;
    };
    const [end, begin] = [claim("exp"), claim("iat")];
    if (Number.isNaN(end)) return undefined;
    if (!isNew) return end;
    const lifetime = Math.min(end - begin, longestLifetime * 1000);
    if (!(lifetime > 0)) return end;
    return end > now ? Math.min(end, now + lifetime) : now + lifetime;
  } catch {
    return undefined;
  }
}
