import type { Attachment } from "@tokenflight/core";
import type { BeforeRequestHook, NormalizedOptions, PlainResponse } from "got";
import { tripOf, type Trip } from "./trip.ts";

/** Puts the token on. got runs this again for each redirect and each retry, so each of them is decided anew. */
export function putToken(attachment: Attachment<NormalizedOptions, PlainResponse>): BeforeRequestHook {
  return async (options) => {
    const trip = tripOf(options);
    if (trip === undefined) return;
    takeOff(options, trip);
    const url = String(options.url);
    if (hasOwnCredentials(options) || !attachment.allows(url) || options.enableUnixSockets) return;
    const cache = attachment.tokensFor(options);
    if (cache === undefined) return;
    const { signal } = options;
    const used = cache.peek() ?? (await cache.get({ signal }));
    const fields = await attachment.scheme(used, { method: options.method, url });
    Object.assign(options.headers, fields);
    Object.assign(trip, { cache, used, fields });
  };
}

/** Removes what was put on for the hop before, so that nothing of it goes where this one goes. */
function takeOff({ headers }: NormalizedOptions, trip: Trip): void {
  for (const [name, value] of Object.entries(trip.fields ?? {})) {
    if (headers[name] === value) delete headers[name];
  }
  trip.used = undefined;
  trip.fields = undefined;
}

function hasOwnCredentials({ headers, username, password }: NormalizedOptions): boolean {
  return headers["authorization"] !== undefined || username !== "" || password !== "";
}
