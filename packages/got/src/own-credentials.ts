import type { NormalizedOptions, Options } from "got";

/**
 * Whether the caller chose how this request authenticates: with an `authorization` header, be it undefined for none at all and
 * taken off again by a redirect, or with a user's name and password.
 */
export function hasOwnCredentials(options: Options | NormalizedOptions): boolean {
  return options.isHeaderExplicitlySet("authorization") || options.username !== "" || options.password !== "";
}
