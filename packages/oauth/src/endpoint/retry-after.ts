/** One hour: who asks for more has made a mistake, or is asked again by somebody else long before. */
const longest = 3_600_000;

/**
 * Reads a Retry-After header (RFC 9110 section 10.2.3), seconds or an HTTP date, as milliseconds from 0 to one hour. A date is compared
 * with the server's own Date, so that it does not matter what time it is here. Undefined for whatever is neither.
 */
export function readRetryAfter(header: string | undefined, date: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (/^\d+(?:\.\d+)?$/.test(text)) return Math.min(Number(text) * 1000, longest);
  // Every form of an HTTP date begins with the name of a day; Date.parse alone would read "-5" as a year.
  const until = /^[A-Za-z]{3}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(until)) return undefined;
  const now = Date.parse(date ?? "");
  return Math.min(Math.max(0, until - (Number.isNaN(now) ? Date.now() : now)), longest);
}
