import type { CredentialFields } from "@tokenflight/core";
import type { NormalizedOptions, Options } from "got";

/**
 * Whether the caller chose other credentials, or none: a field of the scheme, be it undefined, or a user's name and password. What `wasTakenOff` by a
 * redirect to another origin was a placeholder, if it was no credential before.
 */
export function hasOwnCredentials(options: Options | NormalizedOptions, credentials: CredentialFields, wasTakenOff = false): boolean {
  // got takes them from the URL as soon as there is one, and decodes them each time that it is asked for them.
  const { username, password } = options.url instanceof URL ? options.url : options;
  if (username !== "" || password !== "") return true;
  for (const name of credentials.names) {
    if (!isSet(options, name)) continue;
    const value = options.headers[name];
    if (!(wasTakenOff && value === undefined) && credentials.isOwn(name, value)) return true;
  }
  return false;
}

/** Since version 15 got remembers fields that it has taken off because they were undefined. */
function isSet(options: Options | NormalizedOptions, name: string): boolean {
  const isExplicit = (options as { isHeaderExplicitlySet?: (name: string) => boolean }).isHeaderExplicitlySet?.(name);
  return isExplicit === true || (isExplicit === undefined && Object.hasOwn(options.headers, name));
}
