import { responseField, systemClock } from "@tokenflight/core";
import type { ClientParts, FetchFunction } from "../client-parts.ts";

/** Seconds. The Date of an answer is cut to whole seconds, and the answer was under way. */
const agreement = 5;

export interface WatchedClient {
  /** The client, for the requests whose answers tell what time it is to the server. */
  readonly client: ClientParts;
  /** Seconds by which this machine's clock is ahead of the Date of the last answer (RFC 9110 section 6.6.1); undefined when none had one. */
  ahead(): number | undefined;
}

/** Notes what time it is to the server with each answer. */
export function watchServerTime(client: ClientParts): WatchedClient {
  let ahead: number | undefined;
  const fetch: FetchFunction = async (url, init) => {
    const response = await client.fetch(url, init);
    // Whether it is a response at all is looked at by whoever asked for it.
    const date = Date.parse(String(responseField(response?.headers, "date")));
    if (!Number.isNaN(date)) ahead = secondsAfter(date / 1000);
    return response;
  };
  return { client: { ...client, fetch }, ahead: () => ahead };
}

/** Seconds from then, in seconds since the UNIX epoch, to now by this machine's clock; negative when then is still to come. */
export function secondsAfter(then: number): number {
  return Math.round(systemClock.now() / 1000 - then);
}

/**
 * Says, in whole sentences, by how much this machine's clock seems to differ from that of the server: by the Date of its answer, else by `issuedAt`, the
 * `iat` of a token that has just been issued. Both are optional.
 */
export function describeClock(aheadOfDate: number | undefined, issuedAt: unknown): string {
  if (aheadOfDate !== undefined && Math.abs(aheadOfDate) >= agreement) return `${seems(aheadOfDate)}, by the Date of its answer.`;
  if (typeof issuedAt !== "number" || !Number.isFinite(issuedAt)) return "Compare this machine's clock with the server's.";
  const agrees = aheadOfDate === undefined ? "" : ", though it agrees with the Date of the answer";
  return `${seems(secondsAfter(issuedAt))}, by the iat of the id token${agrees}.`;
}

function seems(ahead: number): string {
  const now = systemClock.now();
  const times = `${timeOf(now)} here, ${timeOf(now - ahead * 1000)} there`;
  return `This machine's clock seems to be ${Math.abs(ahead)} seconds ${ahead < 0 ? "behind" : "ahead of"} the server's (${times})`;
}

/** A time that no calendar has comes from an id token. */
function timeOf(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? "no time" : date.toISOString().replace(/\.\d+Z$/, "Z");
}
