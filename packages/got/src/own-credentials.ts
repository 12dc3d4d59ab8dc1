import type { NormalizedOptions, Options } from "got";

/**
 * Whether the caller chose how this request authenticates: with an `authorization` header, be it undefined for none at all and
 * taken off again by a redirect, or with a user's name and password.
 */
export function hasOwnCredentials(options: Options | NormalizedOptions): boolean {
  // got takes them from the URL as soon as there is one, and decodes them each time that it is asked for them.
  const { username, password } = options.url instanceof URL ? options.url : options;
  return options.isHeaderExplicitlySet("authorization") || username !== "" || password !== "";
}
